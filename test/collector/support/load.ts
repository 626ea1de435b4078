import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pollUntil } from "../../until.ts";
import { groupedBy } from "./grouped.ts";

/** A trace as a load sends it: a request, and two things that it did. */
export interface TraceSpec {
  /** Of which all its ids are made: the same in every run. */
  readonly number: number;
  readonly service?: string;
  readonly route?: string;
  readonly failed?: boolean;
  /** Of the request; default: 20. */
  readonly durationMs?: number;
  /** Of the request. */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

export const SPANS_PER_TRACE = 3;

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** As if drawn by lot, but the same in every run: samplers decide by it. */
export function traceIdOf(number: number): string {
  return createHash("sha256").update(`trace ${number}`).digest("hex").slice(0, 32);
}

/**
 * Export requests in JSON. The spans of a trace are spread over three requests
 * in a row, the root in the last, as services send them.
 *
 * @param perRequest how many traces have a part in one.
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
  const services = groupedBy(traces, ({ service = "load" }) => service);
  const resourceSpans = [...services].map(([service, ofService]) => ({
    resource: { attributes: attributesOf({ "service.name": service }) },
    scopeSpans: [
      { scope: { name: "load" }, spans: ofService.map((trace) => spanOf(trace, part, nowMs)) },
    ],
  }));
  return gzipSync(JSON.stringify({ resourceSpans }), { level: 1 });
}

/** Part 0 is the root. What fails is the second: the root itself knows nothing of it. */
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

/** What was answered; 200 means: whoever took it has to bring it on. */
export async function send(url: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

/** As a service does: again, until it is taken. */
export async function sendWithRetry(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  let last: unknown;
  await pollUntil(
    async () => {
      last = await send(url, body).catch((error: unknown) => error);
      return last === 200 ? true : undefined;
    },
    () => `taken by ${url}, which answered ${String(last)}`,
  );
}
