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
/** Columns of branches; what is below is drawn beside it. */
const DEEPEST = 12;

/** The spans of all services as a tree, each with its share of the time and its SQL. */
export function waterfall(drawing: Drawing): string[] {
  const { spans } = drawing.story;
  if (spans.length === 0) return [];
  const start = least(spans.map((span) => BigInt(span.startTimeUnixNano)));
  const end = most(spans.map((span) => BigInt(span.endTimeUnixNano)));
  const scale = { start, length: Math.max(Number(end - start), 1) };
  return rowsOf(spans).flatMap((row) => spanLines(row, scale, drawing));
}

/** Parents before children, siblings by start; a span whose parent isn't here is a root. */
function rowsOf(spans: readonly ReceivedSpan[]): Row[] {
  const families = familiesOf(spans);
  const rows: Row[] = [];
  const add = (parent: string, stem: string): void => {
    const siblings = families.get(parent) ?? [];
    // Each once: an id may come twice, or be its own ancestor.
    families.delete(parent);
    for (const [at, span] of siblings.entries()) {
      const isLast = at === siblings.length - 1;
      const isDeep = stem.length >= DEEPEST;
      const [branch, below] =
        parent === "" || isDeep ? ["", ""] : isLast ? ["└ ", "  "] : ["├ ", "│ "];
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

/** By parent; "" where that isn't here. */
function familiesOf(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const ids = new Set(spans.map((span) => span.spanId));
  const families = new Map<string, ReceivedSpan[]>();
  for (const span of spans.toSorted(byStart)) {
    const { spanId, parentSpanId } = span;
    const parent = ids.has(parentSpanId) && parentSpanId !== spanId ? parentSpanId : "";
    const siblings = families.get(parent) ?? [];
    siblings.push(span);
    families.set(parent, siblings);
  }
  return families;
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
  const time = fit(`${span.durationMs.toFixed(1)} ms`, TIME_WIDTH).padStart(TIME_WIDTH);
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
  // It may end before it begins.
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

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function most(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}
