import type {
  ReceivedEvent,
  ReceivedLog,
  ReceivedSpan,
  ReceivedValue,
} from "../../testing/received.ts";
import type { StyleText, TextStyle } from "../../diagnostics/terminal-style.ts";

/** The received items of one trace. */
export interface CollectedTrace {
  readonly traceId: string;
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Lines of Prometheus pages with the trace as their exemplar, and their services. */
  readonly samples: readonly { readonly service: string; readonly line: string }[];
  readonly events: readonly ReceivedEvent[];
}

/** Maximum width of a line. */
export const WIDTH = 80;

/** Precedes each trace id, to make it visible without colours. */
const TRACE_MARK = "●";

const SERVICE_COLOURS: readonly TextStyle[] = ["cyan", "magenta", "yellow", "blue", "green"];
const MAX_SERVICE_WIDTH = 14;

/** The shared state of the rendered parts: trace, colours and columns. */
export class TraceDrawing {
  readonly trace: CollectedTrace;
  readonly style: StyleText;
  /** Width of the column of service names, including the space after it. */
  readonly margin: number;
  readonly #services: readonly string[];

  constructor(trace: CollectedTrace, style: StyleText) {
    // The id is written into lines unchanged.
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

  /** Renders the column of the service name, which is empty without a name. */
  service(name = ""): string {
    const text = truncateToWidth(name, this.margin - 2).padEnd(this.margin);
    return name === "" ? text : this.style(this.colourOf(name), text);
  }

  /** Renders a horizontal line with a title, and with the trace id at its end if it is marked. */
  heading(title: string, ending: "marked" | "plain" = "plain"): string {
    const end = ending === "marked" ? ` ${this.#traceMark()}` : "";
    const usedWidth = title.length + 4 + (ending === "marked" ? this.#markWidth + 1 : 0);
    const line = this.style("dim", "─".repeat(WIDTH - usedWidth));
    return `${this.style("dim", "──")} ${this.style("bold", title)} ${line}${end}`;
  }

  /** Renders a line that ends with the trace id. */
  lineWithTraceId(text: string): string {
    const width = WIDTH - this.margin - this.#markWidth - 1;
    return `${this.service()}${this.style("dim", truncateToWidth(text, width).padEnd(width))} ${this.#traceMark()}`;
  }

  /** Renders a dim line below that of a service. */
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
 * Formats a value for the terminal: text unchanged, anything else as JSON. It is on one
 * line of limited length, without control, bidirectional and zero-width characters
 * (CVE-2021-42574).
 */
export function terminalText(value: unknown): string {
  return stringify(value)
    .slice(0, MAX_TEXT_LENGTH)
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .trim();
}

/** Enough for the labels of a sample, the longest text. */
const MAX_TEXT_LENGTH = 10_000;

function stringify(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "?";
  } catch {
    // Nested too deeply for the stack.
    return "?";
  }
}

/** Truncates a text to `width` UTF-16 units, with an ellipsis. Wide characters count as one. */
export function truncateToWidth(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
