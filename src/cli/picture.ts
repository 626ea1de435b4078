import type { ReceivedEvent, ReceivedLog, ReceivedSpan, Value } from "../receiver/received.ts";
import type { Paint, Style } from "./palette.ts";

/** All that was received of one trace. */
export interface TraceStory {
  readonly traceId: string;
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Lines of a Prometheus page whose exemplar is this trace, with the service they are from. */
  readonly samples: readonly { readonly service: string; readonly line: string }[];
  readonly events: readonly ReceivedEvent[];
}

/** Nothing is wider, so nothing wraps. */
export const WIDTH = 80;

/** Stands before the trace id wherever it is, so that the eye finds it without colours too. */
const MARK = "●";

/**
 * One trace as a person wants to see it: the waterfall over all services with
 * its SQL, its log lines, its sample in `/metrics` and its Sentry events.
 *
 * @returns lines of at most 80 columns, colour codes not counted.
 */
export function pictureOf(story: TraceStory, paint: Paint): string[] {
  const services = [...new Set(story.spans.map(serviceOf))];
  const context = { story, paint, colourOf: colours(services) };
  return [
    ...heading("Trace", context),
    ...waterfall(context),
    "",
    ...heading("Log lines", context),
    ...story.logs.toSorted(byTime).flatMap((log) => logLines(log, context)),
    "",
    ...heading("Metrics", context),
    ...story.samples.flatMap((sample) => sampleLines(sample, context)),
    "",
    ...heading("Sentry", context),
    ...story.events.flatMap((event) => eventLines(event, context)),
  ];
}

interface Drawing {
  readonly story: TraceStory;
  readonly paint: Paint;
  readonly colourOf: (service: string) => Style;
}

const SERVICE_COLOURS: readonly Style[] = ["cyan", "magenta", "yellow", "blue", "green"];

function colours(services: readonly string[]): (service: string) => Style {
  return (service) =>
    SERVICE_COLOURS[Math.max(services.indexOf(service), 0) % SERVICE_COLOURS.length] ?? "cyan";
}

function heading(title: string, { paint, story }: Drawing): string[] {
  const rule = "─".repeat(WIDTH - title.length - story.traceId.length - 8);
  return [
    `${paint("dim", "──")} ${paint("bold", title)} ${paint("dim", rule)} ${marked(story.traceId, paint)}`,
  ];
}

function marked(traceId: string, paint: Paint): string {
  return paint(["bold", "green"], `${MARK} ${traceId}`);
}

/** A span with its depth in the tree. */
interface Row {
  readonly span: ReceivedSpan;
  readonly depth: number;
}

const NAME_WIDTH = 38;
const BAR_WIDTH = 30;

function waterfall(drawing: Drawing): string[] {
  const rows = treeOf(drawing.story.spans);
  const start = least(rows.map(({ span }) => BigInt(span.startTimeUnixNano)));
  const end = most(rows.map(({ span }) => BigInt(span.endTimeUnixNano)));
  const scale = { start, length: Number(end - start) || 1 };
  return rows.flatMap((row) => spanLines(row, scale, drawing));
}

interface Scale {
  readonly start: bigint;
  readonly length: number;
}

function spanLines({ span, depth }: Row, scale: Scale, { paint, colourOf }: Drawing): string[] {
  const service = serviceOf(span);
  const failed = span.status.code === "ERROR";
  const label = fit(`${"  ".repeat(depth)}${service} ${titleOf(span)}`, NAME_WIDTH);
  const colour = failed ? "red" : colourOf(service);
  const time = `${span.durationMs.toFixed(1)} ms`.padStart(9);
  const line = `${paint(colour, label)} ${paint(colour, barOf(span, scale))}${failed ? paint("red", time) : time}`;
  const query = span.attributes["db.query.text"];
  if (typeof query !== "string") return [line];
  const indent = "  ".repeat(depth + 1);
  const text = query.replace(/\s+/g, " ").trim();
  return [line, paint("dim", `${indent}${fit(text, WIDTH - indent.length).trimEnd()}`)];
}

function titleOf(span: ReceivedSpan): string {
  const status = span.attributes["http.response.status_code"];
  if (status === undefined) return span.name;
  return `${span.kind === "CLIENT" ? "→ " : ""}${span.name} ${textOf(status)}`;
}

function barOf(span: ReceivedSpan, { start, length }: Scale): string {
  const from = Math.floor((Number(BigInt(span.startTimeUnixNano) - start) / length) * BAR_WIDTH);
  const to = Math.ceil((Number(BigInt(span.endTimeUnixNano) - start) / length) * BAR_WIDTH);
  const left = Math.min(from, BAR_WIDTH - 1);
  const size = Math.max(Math.min(to, BAR_WIDTH) - left, 1);
  return `${" ".repeat(left)}${"█".repeat(size)}`.padEnd(BAR_WIDTH);
}

/** Parents before children, siblings by start; a span whose parent isn't here is a root. */
function treeOf(spans: readonly ReceivedSpan[]): Row[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const below = (parent: string | undefined, depth: number): Row[] =>
    spans
      .filter((span) =>
        parent === undefined ? !ids.has(span.parentSpanId) : span.parentSpanId === parent,
      )
      .toSorted((a, b) => compare(BigInt(a.startTimeUnixNano), BigInt(b.startTimeUnixNano)))
      .flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)]);
  return below(undefined, 0);
}

function logLines(log: ReceivedLog, { paint, colourOf, story }: Drawing): string[] {
  const service = attributeOf(log.resource.attributes, "service.name");
  const time = new Date(Number(BigInt(log.timeUnixNano) / 1_000_000n)).toISOString().slice(11, 23);
  const level = log.severityText.toLowerCase();
  const fields = Object.entries(log.attributes)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(" ");
  const prefix = `${time} ${level.padEnd(5)} ${service} `;
  const text = fit(`${textOf(log.body)} ${fields}`, WIDTH - prefix.length).trimEnd();
  const rest = `${paint(level === "error" ? "red" : "dim", level.padEnd(5))} ${paint(colourOf(service), service)}`;
  return [
    `${paint("dim", time)} ${rest} ${text}`,
    `${" ".repeat(13)}trace_id ${marked(log.traceId === "" ? "?" : log.traceId, paint)}`,
  ].slice(0, log.traceId === story.traceId ? 2 : 1);
}

function sampleLines(
  { service, line }: TraceStory["samples"][number],
  { paint, colourOf, story }: Drawing,
): string[] {
  const [sample = "", exemplar = ""] = line.split(" # ");
  const value = exemplar.slice(exemplar.indexOf("} ") + 2).split(" ")[0] ?? "";
  const open = sample.indexOf("{");
  const name = open === -1 ? sample : sample.slice(0, open);
  const labels = open === -1 ? "" : sample.slice(open);
  return [
    `${paint(colourOf(service), service)} ${fit(name, WIDTH - service.length - 1).trimEnd()}`,
    ...wrap(labels, WIDTH - 2).map((part) => paint("dim", `  ${part}`)),
    `  exemplar ${value} s  ${marked(story.traceId, paint)}`,
  ];
}

function eventLines(event: ReceivedEvent, { paint, story }: Drawing): string[] {
  const error = event.exception?.values?.at(-1);
  const title = `${error?.type ?? "Message"}: ${error?.value ?? textOf(event.message)}`;
  const frame = error?.stacktrace?.frames?.findLast(
    (one) => one["in_app"] === true && typeof one["filename"] === "string",
  );
  const at =
    frame === undefined
      ? ""
      : `at ${textOf(frame["function"])} (${textOf(frame["filename"]).split("/").at(-1)}:${textOf(frame["lineno"])})`;
  const facts = [event.transaction, event.release, event.environment]
    .filter((fact) => fact !== undefined)
    .join(" · ");
  const traceId = event.contexts?.["trace"]?.["trace_id"];
  return [
    paint("red", fit(title, WIDTH).trimEnd()),
    ...(at === "" ? [] : [paint("dim", `  ${fit(at, WIDTH - 2).trimEnd()}`)]),
    paint("dim", `  ${fit(facts, WIDTH - 2).trimEnd()}`),
    ...(traceId === story.traceId ? [`  trace ${marked(story.traceId, paint)}`] : []),
  ];
}

function serviceOf(span: ReceivedSpan): string {
  return attributeOf(span.resource.attributes, "service.name");
}

function attributeOf(attributes: Readonly<Record<string, Value>>, name: string): string {
  const value = attributes[name];
  return typeof value === "string" ? value : "?";
}

/** Text as it is, anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "?");
}

function byTime(a: ReceivedLog, b: ReceivedLog): number {
  return compare(BigInt(a.timeUnixNano), BigInt(b.timeUnixNano));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function most(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}

/** `width` UTF-16 units: cut with an ellipsis, or filled up. Wide characters are not ours to count. */
function fit(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}

function wrap(text: string, width: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += width) parts.push(text.slice(at, at + width));
  return parts;
}
