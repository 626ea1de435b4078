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

const SERVICE_COLOURS: readonly Style[] = ["cyan", "magenta", "yellow", "blue", "green"];
const LONGEST_SERVICE = 14;

/** What all parts of a picture share: the story, the colours and the columns. */
export class Drawing {
  readonly story: TraceStory;
  readonly paint: Paint;
  /** Columns that the names of services take, with the space after them. */
  readonly margin: number;
  readonly #services: readonly string[];

  constructor(story: TraceStory, paint: Paint) {
    // The id goes into lines as it is.
    this.story = { ...story, traceId: fit(textOf(story.traceId), 32) };
    this.paint = paint;
    this.#services = [...new Set(story.spans.map(serviceOf))];
    const longest = Math.max(...this.#services.map((service) => service.length), 0);
    this.margin = Math.min(longest, LONGEST_SERVICE) + 2;
  }

  colourOf(service: string): Style {
    const at = Math.max(this.#services.indexOf(service), 0);
    return SERVICE_COLOURS[at % SERVICE_COLOURS.length] ?? "cyan";
  }

  /** The name of a service in its column; without one, the empty column. */
  service(name = ""): string {
    const text = fit(name, this.margin - 2).padEnd(this.margin);
    return name === "" ? text : this.paint(this.colourOf(name), text);
  }

  /** A line across with words in it, and with the trace id at its end if the words are of it. */
  rule(title: string, ends: "marked" | "plain" = "plain"): string {
    const end = ends === "marked" ? ` ${this.#mark()}` : "";
    const taken = title.length + 4 + (ends === "marked" ? this.#markWidth + 1 : 0);
    const line = this.paint("dim", "─".repeat(WIDTH - taken));
    return `${this.paint("dim", "──")} ${this.paint("bold", title)} ${line}${end}`;
  }

  /** A line that the trace id ends, below the text and not below the service. */
  marked(text: string): string {
    const room = WIDTH - this.margin - this.#markWidth - 1;
    return `${this.service()}${this.paint("dim", fit(text, room).padEnd(room))} ${this.#mark()}`;
  }

  /** A line of small print below a service's own line. */
  note(text: string): string {
    return `${this.service()}${this.paint("dim", fit(text, WIDTH - this.margin))}`;
  }

  get #markWidth(): number {
    return MARK.length + 1 + this.story.traceId.length;
  }

  #mark(): string {
    return this.paint(["bold", "green"], `${MARK} ${this.story.traceId}`);
  }
}

export function serviceOf(span: ReceivedSpan): string {
  return attributeOf(span.resource.attributes, "service.name");
}

export function attributeOf(attributes: Readonly<Record<string, Value>>, name: string): string {
  const value = attributes[name];
  return typeof value === "string" ? textOf(value) : "?";
}

/**
 * Text as it is, anything else as JSON; on one line, not without end, and nothing
 * that a terminal would obey: neither control characters nor what turns the
 * direction of text or has no width (CVE-2021-42574).
 */
export function textOf(value: unknown): string {
  return asText(value)
    .slice(0, LONGEST_TEXT)
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .trim();
}

/** A picture has 80 columns; the labels of a sample are what is longest. */
const LONGEST_TEXT = 10_000;

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "?";
  } catch {
    // Nested beyond what the stack has room for.
    return "?";
  }
}

/** At most `width` UTF-16 units, cut with an ellipsis. Wide characters are not ours to count. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
