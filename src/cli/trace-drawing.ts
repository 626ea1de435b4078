import type {
  ReceivedEvent,
  ReceivedLog,
  ReceivedSpan,
  ReceivedValue,
} from "../testing/received.ts";
import type { StyleText, TextStyle } from "./terminal-style.ts";

/** All that was received of one trace. */
export interface CollectedTrace {
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
const TRACE_MARK = "●";

const SERVICE_COLOURS: readonly TextStyle[] = ["cyan", "magenta", "yellow", "blue", "green"];
const MAX_SERVICE_WIDTH = 14;

/** What all parts of a picture share: the story, the colours and the columns. */
export class TraceDrawing {
  readonly trace: CollectedTrace;
  readonly style: StyleText;
  /** Columns that the names of services take, with the space after them. */
  readonly margin: number;
  readonly #services: readonly string[];

  constructor(trace: CollectedTrace, style: StyleText) {
    // The id goes into lines as it is.
    this.trace = { ...trace, traceId: truncateToWidth(terminalText(trace.traceId), 32) };
    this.style = style;
    this.#services = [...new Set(trace.spans.map(serviceNameOf))];
    const maxWidth = Math.max(...this.#services.map((service) => service.length), 0);
    this.margin = Math.min(maxWidth, MAX_SERVICE_WIDTH) + 2;
  }

  colourOf(service: string): TextStyle {
    const at = Math.max(this.#services.indexOf(service), 0);
    return SERVICE_COLOURS[at % SERVICE_COLOURS.length] ?? "cyan";
  }

  /** The name of a service in its column; without one, the empty column. */
  service(name = ""): string {
    const text = truncateToWidth(name, this.margin - 2).padEnd(this.margin);
    return name === "" ? text : this.style(this.colourOf(name), text);
  }

  /** A line across with words in it, and with the trace id at its end if the words are of it. */
  heading(title: string, ending: "marked" | "plain" = "plain"): string {
    const end = ending === "marked" ? ` ${this.#traceMark()}` : "";
    const usedWidth = title.length + 4 + (ending === "marked" ? this.#markWidth + 1 : 0);
    const line = this.style("dim", "─".repeat(WIDTH - usedWidth));
    return `${this.style("dim", "──")} ${this.style("bold", title)} ${line}${end}`;
  }

  /** A line that the trace id ends, below the text and not below the service. */
  lineWithTraceId(text: string): string {
    const width = WIDTH - this.margin - this.#markWidth - 1;
    return `${this.service()}${this.style("dim", truncateToWidth(text, width).padEnd(width))} ${this.#traceMark()}`;
  }

  /** A line of small print below a service's own line. */
  detailLine(text: string): string {
    return `${this.service()}${this.style("dim", truncateToWidth(text, WIDTH - this.margin))}`;
  }

  get #markWidth(): number {
    return TRACE_MARK.length + 1 + this.trace.traceId.length;
  }

  #traceMark(): string {
    return this.style(["bold", "green"], `${TRACE_MARK} ${this.trace.traceId}`);
  }
}

export function serviceNameOf(span: ReceivedSpan): string {
  return textAttribute(span.resource.attributes, "service.name");
}

export function textAttribute(
  attributes: Readonly<Record<string, ReceivedValue>>,
  name: string,
): string {
  const value = attributes[name];
  return typeof value === "string" ? terminalText(value) : "?";
}

/**
 * Text as it is, anything else as JSON; on one line, not without end, and nothing
 * that a terminal would obey: neither control characters nor what turns the
 * direction of text or has no width (CVE-2021-42574).
 */
export function terminalText(value: unknown): string {
  return stringify(value)
    .slice(0, MAX_TEXT_LENGTH)
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .trim();
}

/** A picture has 80 columns; the labels of a sample are what is longest. */
const MAX_TEXT_LENGTH = 10_000;

function stringify(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "?";
  } catch {
    // Nested beyond what the stack has room for.
    return "?";
  }
}

/** At most `width` UTF-16 units, cut with an ellipsis. Wide characters are not ours to count. */
export function truncateToWidth(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
