import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Signal } from "../../../src/config/variables.ts";
import { otlpResponseBody } from "../../../src/otlp/response.ts";
import { decompress, storeExport } from "../../../src/testing/ingest.ts";
import { type Received, ReceivedStore } from "../../../src/testing/store.ts";
import type { DirectExport, EndpointRules, RequestLimit } from "./vendor-row.ts";

/** Seconds of the pause that the vendor asks for in its response 429. */
const RETRY_AFTER_S = 1;

export interface VendorServerOptions {
  readonly direct: DirectExport;
  readonly tls: { readonly key: string; readonly cert: string };
  /** The temporality of counters and histograms that it accepts. */
  readonly temporality: "delta" | "cumulative" | undefined;
}

/** A request that was answered, and how. */
export interface Answer {
  /** Undefined for an address that the vendor does not have. */
  readonly signal: Signal | undefined;
  readonly url: string;
  readonly status: number;
}

/**
 * The endpoints of a vendor, which answer as its documentation states. The first request of
 * each signal after `limitRate` is answered with 429.
 */
export class VendorServer {
  readonly answers: Answer[] = [];
  readonly #options: VendorServerOptions;
  readonly #store = new ReceivedStore(100_000, 256 * 1024 * 1024);
  readonly #server: ReturnType<typeof createServer>;
  #limited = new Set<Signal>();

  constructor(options: VendorServerOptions) {
    this.#options = options;
    this.#server = createServer(options.tls, (request, response) => {
      void this.#answer(request, response);
    });
  }

  /** Starts it, and returns its port. */
  async start(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#store.close();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  get received(): Received {
    return this.#store;
  }

  clear(): void {
    this.#store.clear();
    this.answers.length = 0;
  }

  limitRate(): void {
    this.#limited = new Set(Object.keys(this.#options.direct.endpoints) as Signal[]);
  }

  /** See `Receiver.waitFor`. */
  waitFor<T>(find: (received: Received) => T | undefined | false, what: string): Promise<T> {
    return this.#store.waitFor(find, what, 60_000);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = `https://${request.headers.host}${request.url}`;
    const [signal, rules] = this.#endpointOf(url);
    const body = await bodyOf(request);
    const status = rules === undefined ? 404 : this.#statusOf(request, signal, rules, body);
    this.answers.push({ signal, url, status });
    if (status === 429) response.setHeader("retry-after", RETRY_AFTER_S);
    if (status >= 300 || signal === undefined) response.writeHead(status).end();
    else {
      const type = String(request.headers["content-type"]);
      response
        .writeHead(status, { "content-type": type })
        .end(otlpResponseBody(signal, type, 0, ""));
    }
  }

  #endpointOf(url: string): [Signal | undefined, EndpointRules | undefined] {
    const { endpoints } = this.#options.direct;
    const found = Object.entries(endpoints).find(([, rules]) => rules?.url === url);
    return found === undefined ? [undefined, undefined] : [found[0] as Signal, found[1]];
  }

  /** Returns the status; stores the items of an accepted request. */
  #statusOf(
    request: IncomingMessage,
    signal: Signal | undefined,
    rules: EndpointRules,
    sent: Buffer,
  ): number {
    const { statuses } = this.#options.direct;
    const { headers, method } = request;
    if (signal === undefined || method !== "POST") return 405;
    for (const [name, value] of Object.entries(rules.headers)) {
      if (headers[name] === undefined) return statuses.missing;
      if (headers[name] !== value) return statuses.wrong;
    }
    if (headers["content-type"] !== "application/x-protobuf") return 415;
    if (this.#limited.delete(signal)) return 429;
    const body = decompress(headers["content-encoding"] ?? "", sent);
    const content = readItems(signal, body);
    if (rules.limit !== undefined && isAbove(rules.limit, sent, body, content.items))
      return rules.limit.status;
    if (signal === "metrics" && !this.#acceptsTemporality(content.received)) return 400;
    this.#store.add("spans", content.received.spans);
    this.#store.add("metrics", content.received.metrics);
    this.#store.add("logs", content.received.logs);
    return rules.successStatus ?? 200;
  }

  /** Sums that go up and down stay cumulative with the preference `delta`. */
  #acceptsTemporality({ metrics }: Received): boolean {
    const { temporality } = this.#options;
    const counted = metrics.filter(
      ({ type, monotonic }) => type !== "gauge" && (type !== "sum" || monotonic),
    );
    return (
      temporality === undefined || counted.every((metric) => metric.temporality === temporality)
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** The content of one request. */
function readItems(signal: Signal, body: Buffer): { received: Received; items: number } {
  const received = new ReceivedStore(Infinity, Infinity);
  storeExport(received, signal, "application/x-protobuf", body, undefined);
  const points = received.metrics.reduce((sum, metric) => sum + metric.points.length, 0);
  return { received, items: received.spans.length + received.logs.length + points };
}

function isAbove(
  { bytes = Infinity, uncompressedBytes = Infinity, items: max = Infinity }: RequestLimit,
  sent: Buffer,
  body: Buffer,
  items: number,
): boolean {
  return sent.length >= bytes || body.length > uncompressedBytes || items > max;
}
