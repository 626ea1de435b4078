import type { ReceivedEvent, ReceivedLog } from "../../testing/received.ts";
import {
  textAttribute,
  TraceDrawing,
  truncateToWidth,
  serviceNameOf,
  terminalText,
  type CollectedTrace,
  WIDTH,
} from "./trace-drawing.ts";
import type { StyleText, TextStyle } from "../../diagnostics/terminal-style.ts";
import { compare, renderWaterfall } from "./waterfall.ts";

export type { CollectedTrace } from "./trace-drawing.ts";

/**
 * Renders a trace for the terminal: the waterfall of all services with its SQL, its log
 * lines, its samples in `/metrics` and its Sentry events, each with its own trace id.
 *
 * @returns lines of at most 80 columns, without colour codes.
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

/** An empty section is rendered too, to show that the signal has no items. */
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

/** Renders a sample of a Prometheus page on several lines, because its labels are long. */
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

/** Renders the line of the app's code that threw. */
function sourceLine(frames: readonly Readonly<Record<string, unknown>>[]): string[] {
  const frame = frames.findLast(
    (each) => each?.["in_app"] === true && each["filename"] !== undefined,
  );
  if (frame === undefined) return [];
  const file = terminalText(frame["filename"]).split("/").at(-1);
  const source = terminalText(frame["context_line"] ?? "");
  return [`${file}:${terminalText(frame["lineno"])}  ${source}`.trimEnd()];
}

function byTime(a: ReceivedLog, b: ReceivedLog): number {
  return compare(nanosecondsOf(a), nanosecondsOf(b));
}

/** The latest time of a JavaScript date. */
const MAX_DATE_NANOSECONDS = 8_640_000_000_000_000_000_000n;

function nanosecondsOf({ timeUnixNano }: ReceivedLog): bigint {
  const time = BigInt(timeUnixNano);
  return time < MAX_DATE_NANOSECONDS ? time : MAX_DATE_NANOSECONDS;
}

/** A received event may have any structure. */
function asList<T>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? (list as readonly T[]) : [];
}

/**
 * Sorts events by the start of their spans, latest first: a span that started later was
 * called by an earlier one, and failed first. The times of the events are less exact,
 * because an event is captured after its response was sent, which the caller may
 * receive before that.
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

/** Wraps words into lines of at most `width` characters. */
function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
