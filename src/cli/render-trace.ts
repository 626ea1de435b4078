import type { ReceivedEvent, ReceivedLog } from "../testing/received.ts";
import {
  textAttribute,
  TraceDrawing,
  truncateToWidth,
  serviceNameOf,
  terminalText,
  type CollectedTrace,
  WIDTH,
} from "./trace-drawing.ts";
import type { StyleText, TextStyle } from "./terminal-style.ts";
import { compare, renderWaterfall } from "./waterfall.ts";

export type { CollectedTrace } from "./trace-drawing.ts";

/**
 * One trace as a person wants to see it: the waterfall over all services with
 * its SQL, its log lines, its sample in `/metrics` and its Sentry events, each
 * with the trace id that it carries itself.
 *
 * @returns lines of at most 80 columns, colour codes not counted.
 */
export function renderTrace(trace: CollectedTrace, style: StyleText): string[] {
  const drawing = new TraceDrawing(trace, style);
  const { logs, samples } = trace;
  return [
    drawing.heading("Trace", "marked"),
    ...renderWaterfall(drawing),
    ...section(
      "Log lines",
      logs.toSorted(byTime).map((log) => logLines(log, drawing)),
      drawing,
    ),
    ...section(
      "Metrics",
      samples.map((sample) => sampleLines(sample, drawing)),
      drawing,
    ),
    ...section(
      "Sentry",
      sortCausesFirst(trace).map((event) => eventLines(event, drawing)),
      drawing,
    ),
  ];
}

/** A service that says nothing in one of the signals is told from one that we forgot. */
function section(title: string, items: readonly string[][], drawing: TraceDrawing): string[] {
  const lines = items.length > 0 ? items.flat() : [drawing.detailLine("nothing")];
  return ["", drawing.heading(title), ...lines];
}

const levelColours: Readonly<Record<string, TextStyle>> = { error: "red", warn: "yellow" };

function logLines(log: ReceivedLog, drawing: TraceDrawing): string[] {
  const { style, margin, trace } = drawing;
  const service = textAttribute(log.resource.attributes, "service.name");
  const time = new Date(Number(nanosecondsOf(log) / 1_000_000n)).toISOString().slice(11, 23);
  const level = truncateToWidth(terminalText(log.severityText).toLowerCase(), 6).padEnd(6);
  const width = WIDTH - margin - time.length - level.length - 2;
  const colour = levelColours[level.trim()] ?? "dim";
  const fields = Object.entries(log.attributes)
    .filter(([key]) => key !== "telltale.request.id")
    .map(([key, value]) => `${terminalText(key)}=${terminalText(value)}`)
    .join(" ");
  return [
    `${drawing.service(service)}${style("dim", time)} ${style(colour, level)} ${truncateToWidth(terminalText(log.body), width)}`,
    log.traceId === trace.traceId ? drawing.lineWithTraceId(fields) : drawing.detailLine(fields),
  ];
}

/** One line of a Prometheus page, taken apart: the labels are the longest of it. */
function sampleLines(
  { service, line }: CollectedTrace["samples"][number],
  drawing: TraceDrawing,
): string[] {
  const [sample = "", exemplar = ""] = terminalText(line).split(" # ");
  const { style, margin } = drawing;
  const name = /^[^{ ]*/.exec(sample)?.[0] ?? "";
  const count = sample.slice(sample.lastIndexOf(" ") + 1);
  // From its comma on: a word that is tried at each of its letters takes the square of its length.
  const labels = Array.from(
    sample.matchAll(/[{,](\w+="(?:[^"\\]|\\.)*")/g),
    ([, label = ""]) => label,
  );
  const bound = labels.find((label) => label.startsWith("le="));
  const title = `${name}${bound === undefined ? "" : `{${bound}}`} ${count}`;
  const others = labels.filter((label) => label !== bound);
  const value = Number(/\} (\S+)/.exec(exemplar)?.[1]);
  return [
    `${drawing.service(terminalText(service))}${style("bold", truncateToWidth(title, WIDTH - margin))}`,
    ...wrapWords(others, WIDTH - margin).map((part) => drawing.detailLine(part)),
    drawing.lineWithTraceId(`exemplar: ${value.toPrecision(3)} s`),
  ];
}

function eventLines(event: ReceivedEvent, drawing: TraceDrawing): string[] {
  const { style, margin, trace: collected } = drawing;
  const trace = event.contexts?.["trace"];
  const span = collected.spans.find(({ spanId }) => spanId === trace?.["span_id"]);
  const error = asList(event.exception?.values).at(-1);
  const title = `${terminalText(error?.type ?? "Message")}: ${terminalText(error?.value ?? event.message)}`;
  const details = [event.transaction, event.release, event.environment].filter(
    (fact) => fact !== undefined,
  );
  const summary = details.map(terminalText).join(" · ");
  return [
    `${drawing.service(span && serviceNameOf(span))}${style("red", truncateToWidth(terminalText(title), WIDTH - margin))}`,
    ...sourceLine(asList(error?.stacktrace?.frames)).map((line) => drawing.detailLine(line)),
    trace?.["trace_id"] === collected.traceId
      ? drawing.lineWithTraceId(summary)
      : drawing.detailLine(summary),
  ];
}

/** The line of the app's own code that threw. */
function sourceLine(frames: readonly Readonly<Record<string, unknown>>[]): string[] {
  const frame = frames.findLast((one) => one?.["in_app"] === true && one["filename"] !== undefined);
  if (frame === undefined) return [];
  const file = terminalText(frame["filename"]).split("/").at(-1);
  const source = terminalText(frame["context_line"] ?? "");
  return [`${file}:${terminalText(frame["lineno"])}  ${source}`.trimEnd()];
}

function byTime(a: ReceivedLog, b: ReceivedLog): number {
  return compare(nanosecondsOf(a), nanosecondsOf(b));
}

/** The latest time that a date of JavaScript has. */
const MAX_DATE_NANOSECONDS = 8_640_000_000_000_000_000_000n;

function nanosecondsOf({ timeUnixNano }: ReceivedLog): bigint {
  const time = BigInt(timeUnixNano);
  return time < MAX_DATE_NANOSECONDS ? time : MAX_DATE_NANOSECONDS;
}

/** Of what somebody sent as an event nothing is sure. */
function asList<T>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? (list as readonly T[]) : [];
}

/**
 * What began later was called by what began before, and failed first. The events'
 * own times say less: each is captured when its response is out, and the caller
 * may have it before the callee knows that it is.
 */
function sortCausesFirst({ events, spans }: CollectedTrace): ReceivedEvent[] {
  const starts = new Map(spans.map((span) => [span.spanId, BigInt(span.startTimeUnixNano)]));
  const startOf = (event: ReceivedEvent): bigint => {
    const id = event.contexts?.["trace"]?.["span_id"];
    return (typeof id === "string" ? starts.get(id) : undefined) ?? 0n;
  };
  return events.toSorted((a, b) =>
    startOf(b) > startOf(a) ? 1 : startOf(b) < startOf(a) ? -1 : 0,
  );
}

/** As many words to a line as it has room for. */
function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
