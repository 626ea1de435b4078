import type { ReceivedSpan } from "../../testing/received.ts";
import {
  type TraceDrawing,
  truncateToWidth,
  serviceNameOf,
  terminalText,
  WIDTH,
} from "./trace-drawing.ts";

/** A span with its place in the tree. */
interface SpanRow {
  readonly span: ReceivedSpan;
  /** The branches before its name. */
  readonly branch: string;
  /** The branches before its detail lines. */
  readonly detailBranch: string;
  /** Undefined for a span of the same service as the row above. */
  readonly service: string | undefined;
}

interface TimeScale {
  readonly start: bigint;
  readonly length: number;
}

const BAR_WIDTH = 27;
const TIME_WIDTH = 11;
/** Maximum width of the branches. Deeper spans are not indented further. */
const MAX_BRANCH_WIDTH = 12;

/** Renders the spans of all services as a tree, each with its time bar and its SQL. */
export function renderWaterfall(drawing: TraceDrawing): string[] {
  const { spans } = drawing.trace;
  if (spans.length === 0) return [];
  const start = minOf(spans.map((span) => BigInt(span.startTimeUnixNano)));
  const end = maxOf(spans.map((span) => BigInt(span.endTimeUnixNano)));
  const scale = { start, length: Math.max(Number(end - start), 1) };
  return rowsOf(spans).flatMap((row) => spanLines(row, scale, drawing));
}

/** Returns parents before children, and siblings by start. A span without a received parent is a root. */
function rowsOf(spans: readonly ReceivedSpan[]): SpanRow[] {
  const children = childrenByParent(spans);
  const rows: SpanRow[] = [];
  const add = (parent: string, prefix: string): void => {
    const siblings = children.get(parent) ?? [];
    // Each parent once: an id may be received twice, or be its own ancestor.
    children.delete(parent);
    for (const [at, span] of siblings.entries()) {
      const isLast = at === siblings.length - 1;
      const isDeep = prefix.length >= MAX_BRANCH_WIDTH;
      const [branch, detailBranch] =
        parent === "" || isDeep ? ["", ""] : isLast ? ["└ ", "  "] : ["├ ", "│ "];
      const service = serviceNameOf(span);
      const isSame = rows.length > 0 && serviceNameOf(rows.at(-1)?.span ?? span) === service;
      rows.push({
        span,
        branch: prefix + branch,
        detailBranch: prefix + detailBranch,
        service: isSame ? undefined : service,
      });
      add(span.spanId, prefix + detailBranch);
    }
  };
  add("", "");
  return rows;
}

/** Groups spans by parent, or by "" if the parent was not received. */
function childrenByParent(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const ids = new Set(spans.map((span) => span.spanId));
  const children = new Map<string, ReceivedSpan[]>();
  for (const span of spans.toSorted(byStart)) {
    const { spanId, parentSpanId } = span;
    const parent = ids.has(parentSpanId) && parentSpanId !== spanId ? parentSpanId : "";
    const siblings = children.get(parent) ?? [];
    siblings.push(span);
    children.set(parent, siblings);
  }
  return children;
}

function spanLines(
  { span, branch, detailBranch, service }: SpanRow,
  scale: TimeScale,
  drawing: TraceDrawing,
): string[] {
  const { style, margin } = drawing;
  const failed = span.status.code === "ERROR";
  const width = WIDTH - margin - BAR_WIDTH - TIME_WIDTH - 1;
  const name = truncateToWidth(`${titleOf(span)}${failed ? " ✗" : ""}`, width - branch.length);
  const label = style("dim", branch) + (failed ? style("red", name) : name);
  const gap = " ".repeat(width - branch.length - name.length + 1);
  const bar = style(drawing.colourOf(serviceNameOf(span)), barOf(span, scale));
  const time = truncateToWidth(`${span.durationMs.toFixed(1)} ms`, TIME_WIDTH).padStart(TIME_WIDTH);
  const query = span.attributes["db.query.text"];
  return [
    `${drawing.service(service)}${label}${gap}${bar}${failed ? style("red", time) : time}`,
    ...(query === undefined ? [] : [drawing.detailLine(`${detailBranch}  ${terminalText(query)}`)]),
  ];
}

/** Returns the title of a span: server spans by route, client spans by path. */
function titleOf(span: ReceivedSpan): string {
  const status = span.attributes["http.response.status_code"];
  const statusText = status === undefined ? "" : ` ${terminalText(status)}`;
  const url = span.attributes["url.full"];
  if (span.kind !== "CLIENT" || typeof url !== "string")
    return `${terminalText(span.name)}${statusText}`;
  return `→ ${terminalText(span.name)} ${terminalText(pathOf(url))}${statusText}`;
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}

function barOf(span: ReceivedSpan, { start, length }: TimeScale): string {
  const from = Math.floor((Number(BigInt(span.startTimeUnixNano) - start) / length) * BAR_WIDTH);
  const to = Math.ceil((Number(BigInt(span.endTimeUnixNano) - start) / length) * BAR_WIDTH);
  // A span may end before its start.
  const left = Math.min(Math.max(from, 0), BAR_WIDTH - 1);
  const size = Math.max(Math.min(to, BAR_WIDTH) - left, 1);
  return `${" ".repeat(left)}${"━".repeat(size)}`.padEnd(BAR_WIDTH);
}

function byStart(a: ReceivedSpan, b: ReceivedSpan): number {
  return compare(BigInt(a.startTimeUnixNano), BigInt(b.startTimeUnixNano));
}

export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function minOf(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function maxOf(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}
