import type { ReceivedSpan } from "../receiver/received.ts";
import { type Drawing, fit, serviceOf, textOf, WIDTH } from "./drawing.ts";

/** A span with its place in the tree. */
interface Row {
  readonly span: ReceivedSpan;
  /** The branches before its name. */
  readonly branch: string;
  /** The branches before what is told below its name. */
  readonly below: string;
  /** Not said again for a span of the same service as the one above. */
  readonly service: string | undefined;
}

interface Scale {
  readonly start: bigint;
  readonly length: number;
}

const BAR_WIDTH = 27;
const TIME_WIDTH = 11;

/** The spans of all services as a tree, each with its share of the time and its SQL. */
export function waterfall(drawing: Drawing): string[] {
  const { spans } = drawing.story;
  if (spans.length === 0) return [];
  const start = least(spans.map((span) => BigInt(span.startTimeUnixNano)));
  const end = most(spans.map((span) => BigInt(span.endTimeUnixNano)));
  const scale = { start, length: Number(end - start) || 1 };
  return rowsOf(spans).flatMap((row) => spanLines(row, scale, drawing));
}

/** Parents before children, siblings by start; a span whose parent isn't here is a root. */
function rowsOf(spans: readonly ReceivedSpan[]): Row[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const sorted = spans.toSorted(byStart);
  const childrenOf = (parent: string): ReceivedSpan[] =>
    sorted.filter((span) =>
      parent === "" ? !ids.has(span.parentSpanId) : span.parentSpanId === parent,
    );
  const rows: Row[] = [];
  const add = (parent: string, stem: string): void => {
    const siblings = childrenOf(parent);
    for (const [at, span] of siblings.entries()) {
      const isLast = at === siblings.length - 1;
      const [branch, below] = parent === "" ? ["", ""] : isLast ? ["└ ", "  "] : ["├ ", "│ "];
      const service = serviceOf(span);
      const isSame = rows.length > 0 && serviceOf(rows.at(-1)?.span ?? span) === service;
      rows.push({
        span,
        branch: stem + branch,
        below: stem + below,
        service: isSame ? undefined : service,
      });
      add(span.spanId, stem + below);
    }
  };
  add("", "");
  return rows;
}

function spanLines(
  { span, branch, below, service }: Row,
  scale: Scale,
  drawing: Drawing,
): string[] {
  const { paint, margin } = drawing;
  const failed = span.status.code === "ERROR";
  const room = WIDTH - margin - BAR_WIDTH - TIME_WIDTH - 1;
  const name = fit(`${titleOf(span)}${failed ? " ✗" : ""}`, room - branch.length);
  const label = paint("dim", branch) + (failed ? paint("red", name) : name);
  const gap = " ".repeat(room - branch.length - name.length + 1);
  const bar = paint(drawing.colourOf(serviceOf(span)), barOf(span, scale));
  const time = `${span.durationMs.toFixed(1)} ms`.padStart(TIME_WIDTH);
  const query = span.attributes["db.query.text"];
  return [
    `${drawing.service(service)}${label}${gap}${bar}${failed ? paint("red", time) : time}`,
    ...(query === undefined ? [] : [drawing.note(`${below}  ${textOf(query)}`)]),
  ];
}

/** What came in by its route, what went out by its path. */
function titleOf(span: ReceivedSpan): string {
  const status = span.attributes["http.response.status_code"];
  const answer = status === undefined ? "" : ` ${textOf(status)}`;
  const url = span.attributes["url.full"];
  if (span.kind !== "CLIENT" || typeof url !== "string") return `${textOf(span.name)}${answer}`;
  return `→ ${textOf(span.name)} ${textOf(pathOf(url))}${answer}`;
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}

function barOf(span: ReceivedSpan, { start, length }: Scale): string {
  const from = Math.floor((Number(BigInt(span.startTimeUnixNano) - start) / length) * BAR_WIDTH);
  const to = Math.ceil((Number(BigInt(span.endTimeUnixNano) - start) / length) * BAR_WIDTH);
  const left = Math.min(from, BAR_WIDTH - 1);
  const size = Math.max(Math.min(to, BAR_WIDTH) - left, 1);
  return `${" ".repeat(left)}${"━".repeat(size)}`.padEnd(BAR_WIDTH);
}

function byStart(a: ReceivedSpan, b: ReceivedSpan): number {
  return compare(BigInt(a.startTimeUnixNano), BigInt(b.startTimeUnixNano));
}

export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function most(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}
