import type { ReceivedEvent, ReceivedLog } from "../receiver/received.ts";
import { attributeOf, Drawing, fit, serviceOf, textOf, type TraceStory, WIDTH } from "./drawing.ts";
import type { Paint, Style } from "./palette.ts";
import { compare, waterfall } from "./waterfall.ts";

export type { TraceStory } from "./drawing.ts";

/**
 * One trace as a person wants to see it: the waterfall over all services with
 * its SQL, its log lines, its sample in `/metrics` and its Sentry events, each
 * with the trace id that it carries itself.
 *
 * @returns lines of at most 80 columns, colour codes not counted.
 */
export function pictureOf(story: TraceStory, paint: Paint): string[] {
  const drawing = new Drawing(story, paint);
  const { logs, samples } = story;
  return [
    drawing.rule("Trace", "marked"),
    ...waterfall(drawing),
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
      causesFirst(story).map((event) => eventLines(event, drawing)),
      drawing,
    ),
  ];
}

/** A service that says nothing in one of the signals is told from one that we forgot. */
function section(title: string, items: readonly string[][], drawing: Drawing): string[] {
  const lines = items.length > 0 ? items.flat() : [drawing.note("nothing")];
  return ["", drawing.rule(title), ...lines];
}

const levelColours: Readonly<Record<string, Style>> = { error: "red", warn: "yellow" };

function logLines(log: ReceivedLog, drawing: Drawing): string[] {
  const { paint, margin, story } = drawing;
  const service = attributeOf(log.resource.attributes, "service.name");
  const time = new Date(Number(nanosecondsOf(log) / 1_000_000n)).toISOString().slice(11, 23);
  const level = fit(textOf(log.severityText).toLowerCase(), 6).padEnd(6);
  const room = WIDTH - margin - time.length - level.length - 2;
  const colour = levelColours[level.trim()] ?? "dim";
  const fields = Object.entries(log.attributes)
    .filter(([key]) => key !== "telltale.request.id")
    .map(([key, value]) => `${textOf(key)}=${textOf(value)}`)
    .join(" ");
  return [
    `${drawing.service(service)}${paint("dim", time)} ${paint(colour, level)} ${fit(textOf(log.body), room)}`,
    log.traceId === story.traceId ? drawing.marked(fields) : drawing.note(fields),
  ];
}

/** One line of a Prometheus page, taken apart: the labels are the longest of it. */
function sampleLines({ service, line }: TraceStory["samples"][number], drawing: Drawing): string[] {
  const [sample = "", exemplar = ""] = textOf(line).split(" # ");
  const { paint, margin } = drawing;
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
    `${drawing.service(textOf(service))}${paint("bold", fit(title, WIDTH - margin))}`,
    ...wrapped(others, WIDTH - margin).map((part) => drawing.note(part)),
    drawing.marked(`exemplar: ${value.toPrecision(3)} s`),
  ];
}

function eventLines(event: ReceivedEvent, drawing: Drawing): string[] {
  const { paint, margin, story } = drawing;
  const trace = event.contexts?.["trace"];
  const span = story.spans.find(({ spanId }) => spanId === trace?.["span_id"]);
  const error = listOf(event.exception?.values).at(-1);
  const title = `${textOf(error?.type ?? "Message")}: ${textOf(error?.value ?? event.message)}`;
  const facts = [event.transaction, event.release, event.environment].filter(
    (fact) => fact !== undefined,
  );
  const told = facts.map(textOf).join(" · ");
  return [
    `${drawing.service(span && serviceOf(span))}${paint("red", fit(textOf(title), WIDTH - margin))}`,
    ...sourceOf(listOf(error?.stacktrace?.frames)).map((line) => drawing.note(line)),
    trace?.["trace_id"] === story.traceId ? drawing.marked(told) : drawing.note(told),
  ];
}

/** The line of the app's own code that threw. */
function sourceOf(frames: readonly Readonly<Record<string, unknown>>[]): string[] {
  const frame = frames.findLast((one) => one?.["in_app"] === true && one["filename"] !== undefined);
  if (frame === undefined) return [];
  const file = textOf(frame["filename"]).split("/").at(-1);
  const source = textOf(frame["context_line"] ?? "");
  return [`${file}:${textOf(frame["lineno"])}  ${source}`.trimEnd()];
}

function byTime(a: ReceivedLog, b: ReceivedLog): number {
  return compare(nanosecondsOf(a), nanosecondsOf(b));
}

/** The latest time that a date of JavaScript has. */
const LATEST = 8_640_000_000_000_000_000_000n;

function nanosecondsOf({ timeUnixNano }: ReceivedLog): bigint {
  const time = BigInt(timeUnixNano);
  return time < LATEST ? time : LATEST;
}

/** Of what somebody sent as an event nothing is sure. */
function listOf<T>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? (list as readonly T[]) : [];
}

/**
 * What began later was called by what began before, and failed first. The events'
 * own times say less: each is captured when its response is out, and the caller
 * may have it before the callee knows that it is.
 */
function causesFirst({ events, spans }: TraceStory): ReceivedEvent[] {
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
function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
