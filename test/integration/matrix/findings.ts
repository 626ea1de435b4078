import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedLog, ReceivedSpan } from "../../../src/receiver/received.ts";
import { parsePage, type Sample, samplesOf } from "../../metrics/exposition.ts";
import type { Asked } from "../stock.ts";
import type { Line, RequestName, Run } from "./run.ts";

/** The request id that went back to whoever asked. */
export function requestId(run: Run, request: RequestName): string {
  return the([run.answers[request].headers.get("x-request-id")], `request id of ${request}`);
}

export function serverSpan(run: Run, request: RequestName): ReceivedSpan {
  const id = requestId(run, request);
  const found = run.received.spans.filter((span) => span.attributes["telltale.request.id"] === id);
  return the(found, `server span of ${request}`);
}

/** The span with this name or URL in the trace of a request. */
export function spanOf(run: Run, request: RequestName, what: string): ReceivedSpan {
  const { traceId } = serverSpan(run, request);
  const found = run.received.spans.filter(
    ({ traceId: other, name, attributes }) =>
      other === traceId && (name === what || urlOf(attributes).includes(what)),
  );
  return the(found, `span ${what} of ${request}`);
}

/** What the service behind was asked for, by the start of its path. */
export function askedFor(run: Run, path: string): Asked {
  return the(
    run.asked.filter((asked) => asked.path.startsWith(path)),
    `call of ${path}`,
  );
}

export function line(run: Run, message: string, fields: Line = {}): Line {
  const found = run.lines.filter((one) => one["message"] === message && has(one, fields));
  return the(found, `line "${message}" ${JSON.stringify(fields)}`);
}

/** The log record of a line. */
export function recordOf(run: Run, { message, request_id: id }: Line): ReceivedLog {
  const found = run.received.logs.filter(
    ({ body, attributes }) => body === message && attributes["telltale.request.id"] === id,
  );
  return the(found, `record of "${String(message)}"`);
}

export function event(run: Run): ReceivedEvent {
  return the(run.received.events, "event");
}

/** The samples of a name on the Prometheus page, after a strict look at the whole page. */
export function samples(run: Run, name: string): Sample[] {
  return samplesOf(parsePage(run.page), name);
}

export function pick(
  from: object | undefined,
  ...names: readonly string[]
): Record<string, unknown> {
  const all = new Map(Object.entries(from ?? {}) as [string, unknown][]);
  return Object.fromEntries(names.map((name) => [name, all.get(name)]));
}

/** A value that must be text. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : assert.fail(`no text: ${JSON.stringify(value)}`);
}

function urlOf({ "url.full": url }: ReceivedSpan["attributes"]): string {
  return typeof url === "string" ? url : "";
}

function has(one: Line, fields: Line): boolean {
  return Object.entries(fields).every(([name, value]) => one[name] === value);
}

/** The only one there is. */
function the<T>(found: readonly (T | null)[], what: string): T {
  assert.equal(found.length, 1, `${found.length} times: ${what}`);
  return found[0] ?? assert.fail(`no ${what}`);
}
