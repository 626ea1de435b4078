import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isLocalName, isLoopback } from "../local-name.ts";
import { answerBody } from "./answer.ts";
import { publicKeyOf } from "./envelope.ts";
import { numberOf } from "./connection.ts";
import type { Fault, Faults } from "./fault.ts";
import { MAX_BODY_BYTES, takeEnvelope, takeExport, unpack } from "./inbox.ts";
import type { OtlpSignal } from "./otlp.ts";
import type { ReceivedRequest } from "./received.ts";
import { answerQuery } from "./query.ts";
import type { Store } from "./store.ts";

/** One request on its way through the receiver. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly store: Store;
  readonly record: { -readonly [Key in keyof ReceivedRequest]: ReceivedRequest[Key] };
}

/** The receiver's HTTP side: OTLP, Sentry envelopes, and questions about what came in. */
export function createListener(store: Store, faults: Faults): RequestListener {
  return (request, response) => {
    response.on("error", ignore);
    const url = URL.parse(request.url ?? "/", "http://receiver");
    const objection = url === null ? NO_URL : objectionTo(request);
    if (url === null || objection !== undefined) {
      response.writeHead(objection?.status ?? 400).end(`${objection?.reason}\n`);
      return;
    }
    if (url.pathname.startsWith("/received") || url.pathname === "/faults") {
      void answerQuery(request, response, url, store, faults).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(400);
        response.end(String(error));
      });
      return;
    }
    const exchange = { request, response, url, store, record: recordOf(request, url) };
    void take(exchange, faults).catch((error: unknown) => {
      if (!response.headersSent) answer(exchange, 400, {}, String(error));
    });
  };
}

interface Objection {
  readonly status: number;
  readonly reason: string;
}

const NO_URL: Objection = { status: 400, reason: "The target is no URL." };

/**
 * A page in a browser may neither read what came in (by a name that is made to
 * point here) nor send something (without asking: text posted to another origin).
 * Over TLS the certificate says by which names the receiver may be asked.
 */
function objectionTo({ headers, socket }: IncomingMessage): Objection | undefined {
  const { host, origin } = headers;
  const isChecked = !("encrypted" in socket) && isLoopback(socket.localAddress ?? "");
  if (host !== undefined && isChecked && !isLocalName(host)) {
    return {
      status: 403,
      reason: `The receiver is asked as ${JSON.stringify(host)}, not by an address or localhost.`,
    };
  }
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) {
    return undefined;
  }
  return { status: 403, reason: "The receiver takes nothing from other origins." };
}

function ignore(): void {}

function recordOf(request: IncomingMessage, url: URL): Exchange["record"] {
  return {
    method: request.method ?? "",
    path: url.pathname,
    headers: request.headers,
    connection: numberOf(request.socket),
    bytes: 0,
    at: performance.now(),
    status: undefined,
  };
}

async function take(exchange: Exchange, faults: Faults): Promise<void> {
  const signal = signalOf(exchange.url.pathname);
  if (signal === undefined || exchange.request.method !== "POST") {
    answer(exchange, 404, {}, "");
    return;
  }
  const fault = faults.take(signal);
  if (fault?.kind === "deaf") {
    exchange.store.add("requests", [exchange.record]);
    return;
  }
  const wire = await readBody(exchange.request);
  exchange.record.bytes = wire.length;
  exchange.store.add("requests", [exchange.record]);
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  const body = unpack(headerOf(exchange.request, "content-encoding"), wire);
  if (keeps(fault)) keep(exchange, signal, body, fault);
  if (fault === undefined || fault.kind === "slow" || fault.kind === "partial") {
    answerTaken(exchange, signal, fault);
  } else {
    misbehave(exchange, fault);
  }
  exchange.store.changed();
}

function signalOf(path: string): OtlpSignal | "events" | undefined {
  const otlp = /\/v1\/(traces|logs|metrics)\/?$/.exec(path)?.[1];
  if (otlp !== undefined) return otlp as OtlpSignal;
  return projectOf(path) === undefined ? undefined : "events";
}

function projectOf(path: string): string | undefined {
  return /\/api\/([^/]+)\/envelope\/?$/.exec(path)?.[1];
}

function keeps(fault: Fault | undefined): boolean {
  switch (fault?.kind) {
    case "status":
    case "hang":
    case "close":
      return false;
    case "drip":
    case "giant":
      return (fault.status ?? 200) === 200;
    default:
      return true;
  }
}

function keep(
  { request, url, store }: Exchange,
  signal: OtlpSignal | "events",
  body: Buffer,
  fault: Fault | undefined,
): void {
  if (signal !== "events") {
    takeExport(store, signal, headerOf(request, "content-type"), body, fault);
    return;
  }
  const key = publicKeyOf(url.searchParams, headerOf(request, "x-sentry-auth"));
  takeEnvelope(store, body, projectOf(url.pathname) ?? "", key);
}

function answerTaken(
  exchange: Exchange,
  signal: OtlpSignal | "events",
  fault: Fault | undefined,
): void {
  if (signal === "events") {
    answer(exchange, 200, { "content-type": "application/json" }, "{}");
    return;
  }
  const type = headerOf(exchange.request, "content-type");
  const [rejected, message] =
    fault?.kind === "partial" ? [fault.rejected, fault.message ?? "rejected"] : [0, ""];
  answer(exchange, 200, { "content-type": type }, answerBody(signal, type, rejected, message));
}

function misbehave(exchange: Exchange, fault: Fault): void {
  if (fault.kind === "status") {
    answer(exchange, fault.status, fault.headers ?? {}, fault.body ?? "");
  } else if (fault.kind === "close") {
    exchange.request.socket.destroy();
  } else if (fault.kind === "drip") {
    drip(exchange, fault.status ?? 200, fault.everyMs);
  } else if (fault.kind === "giant") {
    pour(exchange, fault.status ?? 200, fault.bytes);
  }
}

function drip({ response, record }: Exchange, status: number, everyMs: number): void {
  record.status = status;
  response.writeHead(status, { "content-type": "text/plain" });
  const timer = setInterval(() => response.write("."), everyMs);
  response.on("close", () => clearInterval(timer));
}

/** Written piece by piece as the peer reads, so that the giant is only on its side. */
function pour({ response, record }: Exchange, status: number, bytes: number): void {
  record.status = status;
  response.writeHead(status, { "content-type": "text/plain", "content-length": bytes });
  const piece = Buffer.alloc(64 * 1024, ".");
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const size = Math.min(left, piece.length);
      left -= size;
      if (!response.write(piece.subarray(0, size))) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}

function answer(
  { response, record }: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  record.status = status;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new RangeError("body too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function headerOf(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? "");
}
