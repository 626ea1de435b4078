import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedLog, ReceivedSpan } from "../../../src/testing/received.ts";
import { parsePage, type ExpositionSample, samplesOf } from "../../metrics/exposition.ts";
import type { StockRequest } from "../stock.ts";
import type { AppLine, RequestName, MatrixRun } from "./run.ts";

/** Returns the request id of the response. */
export function requestId(run: MatrixRun, request: RequestName): string {
  return single([run.responses[request].headers.get("x-request-id")], `request id of ${request}`);
}

export function serverSpanOf(run: MatrixRun, request: RequestName): ReceivedSpan {
  const id = requestId(run, request);
  const found = run.received.spans.filter((span) => span.attributes["telltale.request.id"] === id);
  return single(found, `server span of ${request}`);
}

/** Returns the span with this name or URL in the trace of a request. */
export function spanOfRequest(run: MatrixRun, request: RequestName, what: string): ReceivedSpan {
  const { traceId } = serverSpanOf(run, request);
  const found = run.received.spans.filter(
    ({ traceId: other, name, attributes }) =>
      other === traceId && (name === what || urlOf(attributes).includes(what)),
  );
  return single(found, `span ${what} of ${request}`);
}

/** Returns the request to the stock service whose path starts with `path`. */
export function stockRequestFor(run: MatrixRun, path: string): StockRequest {
  return single(
    run.stockRequests.filter((request) => request.path.startsWith(path)),
    `call of ${path}`,
  );
}

export function singleLine(run: MatrixRun, message: string, fields: AppLine = {}): AppLine {
  const found = run.lines.filter((one) => one["message"] === message && hasFields(one, fields));
  return single(found, `line "${message}" ${JSON.stringify(fields)}`);
}

/** Returns the log record of a line. */
export function recordOf(run: MatrixRun, { message, request_id: id }: AppLine): ReceivedLog {
  const found = run.received.logs.filter(
    ({ body, attributes }) => body === message && attributes["telltale.request.id"] === id,
  );
  return single(found, `record of "${String(message)}"`);
}

export function singleEvent(run: MatrixRun): ReceivedEvent {
  return single(run.received.events, "event");
}

/** Returns the samples of a name on the Prometheus page, all of which is parsed strictly. */
export function samples(run: MatrixRun, name: string): ExpositionSample[] {
  return samplesOf(parsePage(run.page), name);
}

export function pick(
  from: object | undefined,
  ...names: readonly string[]
): Record<string, unknown> {
  const all = new Map(Object.entries(from ?? {}) as [string, unknown][]);
  return Object.fromEntries(names.map((name) => [name, all.get(name)]));
}

/** Returns a value that must be text. */
export function requireText(value: unknown): string {
  return typeof value === "string" ? value : assert.fail(`no text: ${JSON.stringify(value)}`);
}

function urlOf({ "url.full": url }: ReceivedSpan["attributes"]): string {
  return typeof url === "string" ? url : "";
}

function hasFields(one: AppLine, fields: AppLine): boolean {
  return Object.entries(fields).every(([name, value]) => one[name] === value);
}

/** Returns the only item. */
function single<T>(found: readonly (T | null)[], what: string): T {
  assert.equal(found.length, 1, `${found.length} times: ${what}`);
  return found[0] ?? assert.fail(`no ${what}`);
}
