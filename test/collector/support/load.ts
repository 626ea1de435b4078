import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pollUntil } from "../../until.ts";

/** A trace of a load: a request with two child spans. */
export interface TraceSpec {
  /** Number from which all ids are derived: the same in every run. */
  readonly number: number;
  readonly service?: string;
  readonly route?: string;
  readonly failed?: boolean;
  /** Duration of the request; default: 20. */
  readonly durationMs?: number;
  /** Attributes of the request. */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

export const SPANS_PER_TRACE = 3;

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** Returns a trace id that looks random, as samplers require, and is the same in every run. */
export function traceIdOf(number: number): string {
  return createHash("sha256").update(`trace ${number}`).digest("hex").slice(0, 32);
}

/**
 * Creates export requests in JSON. The spans of a trace are in three successive
 * requests, the root in the last, as services send them.
 *
 * @param perRequest number of traces with a part in one request
 */
export function traceRequests(
  traces: readonly TraceSpec[],
  perRequest = 500,
  nowMs: number = Date.now(),
): readonly Buffer[] {
  const requests: Buffer[] = [];
  for (let at = 0; at < traces.length; at += perRequest) {
    const some = traces.slice(at, at + perRequest);
    for (const part of [2, 1, 0]) requests.push(requestOf(some, part, nowMs));
  }
  return requests;
}

function requestOf(traces: readonly TraceSpec[], part: number, nowMs: number): Buffer {
  const services = Map.groupBy(traces, ({ service = "load" }) => service);
  const resourceSpans = [...services].map(([service, ofService]) => ({
    resource: { attributes: attributesOf({ "service.name": service }) },
    scopeSpans: [
      { scope: { name: "load" }, spans: ofService.map((trace) => spanOf(trace, part, nowMs)) },
    ],
  }));
  return gzipSync(JSON.stringify({ resourceSpans }), { level: 1 });
}

/** Creates a span; part 0 is the root, and part 1 has the error, which the root does not. */
function spanOf(trace: TraceSpec, part: number, nowMs: number): JsonSpan {
  const { number, route = "/orders/:id", failed = false, durationMs = 20, attributes } = trace;
  const id = traceIdOf(number);
  const isRoot = part === 0;
  const start = BigInt(Math.round(nowMs)) * 1_000_000n;
  const took = isRoot ? durationMs : 5;
  const own = isRoot
    ? { "http.route": route, "http.request.method": "GET", ...attributes }
    : { "db.system.name": "postgresql" };
  const span = {
    traceId: id,
    spanId: spanIdOf(id, part),
    parentSpanId: isRoot ? "" : spanIdOf(id, 0),
    name: isRoot ? `GET ${route}` : `SELECT ${part}`,
    kind: isRoot ? 2 : 3,
    flags: 0x101,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(took) * 1_000_000n),
    attributes: attributesOf(own),
    status: failed && part === 1 ? { code: 2, message: "out of stock" } : {},
  };
  return span;
}

function spanIdOf(traceId: string, part: number): string {
  return traceId.slice(0, 15) + String(part);
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));
}

/** Sends a request, and returns the status; after a 200 the receiver must not lose it. */
export async function send(url: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

/** Sends a request until it is accepted, as a service does. */
export async function sendWithRetry(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  let last: unknown;
  await pollUntil(
    async () => {
      last = await send(url, body).catch((error: unknown) => error);
      return last === 200 ? true : undefined;
    },
    () => `accepted by ${url}; the last response was ${String(last)}`,
  );
}
