import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { mayBeRebound } from "../local-hostname.ts";
import { otlpResponseBody } from "../otlp/response.ts";
import { publicKeyOf } from "./envelope.ts";
import { connectionIdOf } from "./connection-id.ts";
import type { Fault, Faults } from "./fault.ts";
import { MAX_BODY_BYTES, storeEnvelope, storeExport, decompress } from "./ingest.ts";
import type { OtlpSignal } from "../otlp/decode.ts";
import type { ReceivedRequest } from "./received.ts";
import { handleQuery } from "./query-api.ts";
import type { ReceivedStore } from "./store.ts";

/** A request and its response. */
interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly store: ReceivedStore;
  readonly record: { -readonly [Key in keyof ReceivedRequest]: ReceivedRequest[Key] };
}

/** Creates the HTTP listener of the receiver: OTLP, Sentry envelopes and the query API. */
export function createListener(store: ReceivedStore, faults: Faults): RequestListener {
  return (request, response) => {
    response.on("error", noop);
    const url = URL.parse(request.url ?? "/", "http://receiver");
    const rejection = url === null ? INVALID_URL : rejectionOf(request);
    if (url === null || rejection !== undefined) {
      response.writeHead(rejection?.status ?? 400).end(`${rejection?.reason}\n`);
      return;
    }
    if (url.pathname.startsWith("/received") || url.pathname === "/faults") {
      void handleQuery(request, response, url, store, faults).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(400);
        response.end(String(error));
      });
      return;
    }
    const exchange = { request, response, url, store, record: recordOf(request, url) };
    void handleExport(exchange, faults).catch((error: unknown) => {
      if (!response.headersSent) send(exchange, 400, {}, String(error));
    });
  };
}

interface Rejection {
  readonly status: number;
  readonly reason: string;
}

const INVALID_URL: Rejection = { status: 400, reason: "The request target is not a URL." };

/**
 * Rejects requests of web pages, which must neither read received data (by a host name
 * that resolves to this host) nor send any (a cross-origin POST). With TLS the
 * certificate determines the valid host names.
 */
function rejectionOf({ headers, socket }: IncomingMessage): Rejection | undefined {
  const { host, origin } = headers;
  if (!("encrypted" in socket) && mayBeRebound(host, socket.localAddress ?? "")) {
    return {
      status: 403,
      reason: `The host name ${JSON.stringify(host)} is not allowed; use an address or localhost.`,
    };
  }
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) {
    return undefined;
  }
  return { status: 403, reason: "Cross-origin requests are not allowed." };
}

function noop(): void {}

function recordOf(request: IncomingMessage, url: URL): HttpExchange["record"] {
  return {
    method: request.method ?? "",
    path: url.pathname,
    headers: request.headers,
    connection: connectionIdOf(request.socket),
    bytes: 0,
    at: performance.now(),
    status: undefined,
  };
}

async function handleExport(exchange: HttpExchange, faults: Faults): Promise<void> {
  const signal = signalOf(exchange.url.pathname);
  if (signal === undefined || exchange.request.method !== "POST") {
    send(exchange, 404, {}, "");
    return;
  }
  const fault = faults.consume(signal);
  if (fault?.kind === "no-read") {
    exchange.store.add("requests", [exchange.record]);
    return;
  }
  const rawBody = await readBody(exchange.request);
  exchange.record.bytes = rawBody.length;
  exchange.store.add("requests", [exchange.record]);
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  const body = decompress(headerOf(exchange.request, "content-encoding"), rawBody);
  if (isStored(fault)) storeBody(exchange, signal, body, fault);
  if (fault === undefined || fault.kind === "delay" || fault.kind === "partial") {
    sendSuccess(exchange, signal, fault);
  } else {
    applyFault(exchange, fault);
  }
  exchange.store.notifyWaiters();
}

function signalOf(path: string): OtlpSignal | "events" | undefined {
  const otlp = /\/v1\/(traces|logs|metrics)\/?$/.exec(path)?.[1];
  if (otlp !== undefined) return otlp as OtlpSignal;
  return projectOf(path) === undefined ? undefined : "events";
}

function projectOf(path: string): string | undefined {
  return /\/api\/([^/]+)\/envelope\/?$/.exec(path)?.[1];
}

function isStored(fault: Fault | undefined): boolean {
  switch (fault?.kind) {
    case "status":
    case "hang":
    case "close":
      return false;
    case "slow-body":
    case "huge-body":
      return (fault.status ?? 200) === 200;
    default:
      return true;
  }
}

function storeBody(
  { request, url, store }: HttpExchange,
  signal: OtlpSignal | "events",
  body: Buffer,
  fault: Fault | undefined,
): void {
  if (signal !== "events") {
    storeExport(store, signal, headerOf(request, "content-type"), body, fault);
    return;
  }
  const key = publicKeyOf(url.searchParams, headerOf(request, "x-sentry-auth"));
  storeEnvelope(store, body, projectOf(url.pathname) ?? "", key);
}

function sendSuccess(
  exchange: HttpExchange,
  signal: OtlpSignal | "events",
  fault: Fault | undefined,
): void {
  if (signal === "events") {
    send(exchange, 200, { "content-type": "application/json" }, "{}");
    return;
  }
  const type = headerOf(exchange.request, "content-type");
  const [rejected, message] =
    fault?.kind === "partial" ? [fault.rejected, fault.message ?? "rejected"] : [0, ""];
  send(exchange, 200, { "content-type": type }, otlpResponseBody(signal, type, rejected, message));
}

function applyFault(exchange: HttpExchange, fault: Fault): void {
  if (fault.kind === "status") {
    send(exchange, fault.status, fault.headers ?? {}, fault.body ?? "");
  } else if (fault.kind === "close") {
    exchange.request.socket.destroy();
  } else if (fault.kind === "slow-body") {
    sendSlowBody(exchange, fault.status ?? 200, fault.everyMs);
  } else if (fault.kind === "huge-body") {
    sendHugeBody(exchange, fault.status ?? 200, fault.bytes);
  }
}

function sendSlowBody({ response, record }: HttpExchange, status: number, everyMs: number): void {
  record.status = status;
  response.writeHead(status, { "content-type": "text/plain" });
  const timer = setInterval(() => response.write("."), everyMs);
  response.on("close", () => clearInterval(timer));
}

/** Writes the body in blocks as the client reads them, so that it is never complete in memory. */
function sendHugeBody({ response, record }: HttpExchange, status: number, bytes: number): void {
  record.status = status;
  response.writeHead(status, { "content-type": "text/plain", "content-length": bytes });
  const block = Buffer.alloc(64 * 1024, ".");
  let remaining = bytes;
  const writeMore = (): void => {
    while (remaining > 0) {
      const size = Math.min(remaining, block.length);
      remaining -= size;
      if (!response.write(block.subarray(0, size))) {
        response.once("drain", writeMore);
        return;
      }
    }
    response.end();
  };
  writeMore();
}

function send(
  { response, record }: HttpExchange,
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
