import type { RecordedEvent } from "../../development/test-recorder.ts";
import { placesIn } from "./failure.ts";
import { listOf } from "./matching.ts";
import type { Seen } from "./seen.ts";

/*
 * What a failed test shows of the code of the app: the lines that are known from spans,
 * log records and stacks.
 */

/** An observation, or a receiver, as far as it has them. */
type Ran = Partial<Pick<Seen, "spans" | "logs">>;

interface CodeAttributes {
  readonly "code.file.path"?: string;
  readonly "code.line.number"?: number;
}

/** Returns a line with the requests and jobs that ran, and with the lines of the app that are known of them. */
export function describeRun({ spans = [], logs = [] }: Ran): string {
  const units = spans.filter(({ kind }) => kind === "server" || kind === "consumer");
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const called = spans.flatMap(({ kind, attributes, parentSpanId }) => {
    // The request that the test itself has made.
    const isOfTest = kind === "client" && "url.full" in attributes && !ids.has(parentSpanId ?? "");
    const { "code.file.path": file, "code.line.number": line } = attributes as CodeAttributes;
    return isOfTest || file === undefined ? [] : [`${file}:${line}`];
  });
  const places = [...called, ...logs.flatMap(({ place }) => place ?? [])];
  const what = listOf(units.map(({ name }) => name)) || "no request or job";
  return `\n  what ran: ${what}${places.length === 0 ? "" : `; known lines: ${listOf(places)}`}`;
}

/** Returns lines with the records and spans that have such an error, and where it was thrown. */
export function describeUnreported(
  { spans = [], logs = [] }: Ran,
  isMeant: (message: string) => boolean,
): string {
  const found = [
    ...logs.map(({ attributes }) => ({ owner: "a log record", attributes })),
    ...spans.flatMap(({ name, events }) =>
      events.map(({ attributes }) => ({ owner: `the span ${name}`, attributes })),
    ),
  ];
  const lines = found.flatMap(({ owner, attributes }) => {
    const { "exception.message": message, "exception.stacktrace": stack } = attributes;
    if (typeof message !== "string" || !isMeant(message)) return [];
    return [`\n  ${owner} has it, without a report; it was thrown at ${placeOf(stack)}`];
  });
  return [...new Set(lines)].join("");
}

function placeOf(stack: unknown): string {
  const places = placesIn(typeof stack === "string" ? stack : "");
  return places.find((place) => !LIBRARY.test(place)) ?? "an unknown place";
}

const LIBRARY = /[\\/]node_modules[\\/]/;

interface SentryException {
  readonly value?: string;
  readonly stacktrace?: {
    readonly frames?: readonly {
      readonly filename?: string;
      readonly lineno?: number;
      readonly in_app?: boolean;
    }[];
  };
}

/** Returns the errors of an event: messages, and where they were thrown. */
export function errorsOf(
  event: RecordedEvent,
): { readonly message: string; readonly place: string | undefined }[] {
  const { exception } = event as { exception?: { values?: readonly SentryException[] } };
  return (exception?.values ?? []).map(({ value = "", stacktrace }) => {
    const frame = stacktrace?.frames?.findLast((one) => one.in_app === true);
    return { message: value, place: frame && `${frame.filename}:${frame.lineno}` };
  });
}
