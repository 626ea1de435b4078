import type {
  LogDetail,
  RepeatedCalls,
  SpanDetail,
  StallDetail,
  UnitDetail,
} from "../../../model.ts";

/** A row of spans: one, or the calls of a repeated group under one parent. */
export interface SpanRow {
  readonly type: "span";
  readonly key: string;
  readonly depth: number;
  readonly span: SpanDetail;
  /** All spans of the row. */
  readonly spans: readonly SpanDetail[];
  readonly group?: RepeatedCalls;
  readonly hasChildren: boolean;
  readonly isOpen: boolean;
}

export interface LogRow {
  readonly type: "log";
  readonly key: string;
  readonly depth: number;
  readonly log: LogDetail;
}

export interface StallRow {
  readonly type: "stall";
  readonly key: string;
  readonly depth: number;
  readonly stall: StallDetail;
}

export type WaterfallRow = SpanRow | LogRow | StallRow;

export interface WaterfallOptions {
  /** All spans, or only the important ones with repeated calls in one row. */
  readonly isVerbose: boolean;
  /** Keys of rows that are not as they are at first: closed spans, open groups. */
  readonly toggled: ReadonlySet<string>;
  readonly hasLogs: boolean;
}

/** Calls of a group are one row from this number on. */
const MIN_GROUP = 3;

type Child =
  | { readonly type: "span"; readonly at: number; readonly span: SpanDetail }
  | { readonly type: "log"; readonly at: number; readonly log: LogDetail }
  | { readonly type: "stall"; readonly at: number; readonly stall: StallDetail };

const ROOT = "";

/** Returns the rows of a waterfall: spans with their children, log lines and stalls in place. */
export function waterfallRows(detail: UnitDetail, options: WaterfallOptions): WaterfallRow[] {
  const children = childrenByParent(detail, options.hasLogs);
  const groups = options.isVerbose ? new Map<string, RepeatedCalls>() : groupsBySpan(detail);
  const expanded = new Map<string, readonly Child[]>();
  const rows: WaterfallRow[] = [];

  function visit(parent: string, depth: number): void {
    const folded = new Set<RepeatedCalls>();
    for (const child of expandHidden(parent)) {
      if (child.type === "log")
        rows.push({ type: "log", key: `log ${rows.length}`, depth, log: child.log });
      else if (child.type === "stall") {
        rows.push({ type: "stall", key: `stall ${child.at}`, depth, stall: child.stall });
      } else visitSpan(child.span, depth, parent, folded);
    }
  }

  /** Children, with those of spans that are left out in their place. */
  function expandHidden(parent: string): readonly Child[] {
    const known = expanded.get(parent);
    if (known !== undefined) return known;
    const list = (children.get(parent) ?? []).flatMap((child) =>
      child.type === "span" && !isVisible(child.span) ? expandHidden(child.span.spanId) : [child],
    );
    const sorted = list.toSorted((a, b) => a.at - b.at);
    expanded.set(parent, sorted);
    return sorted;
  }

  function isVisible({ focused, spanId, parentSpanId }: SpanDetail): boolean {
    return options.isVerbose || focused || parentSpanId === undefined || groups.has(spanId);
  }

  function visitSpan(
    span: SpanDetail,
    depth: number,
    parent: string,
    folded: Set<RepeatedCalls>,
  ): void {
    const group = groups.get(span.spanId);
    if (group !== undefined && folded.has(group)) return;
    const spans = group === undefined ? [span] : membersOf(group, parent);
    if (group !== undefined && spans.length >= MIN_GROUP) {
      folded.add(group);
      const key = `group ${span.spanId}`;
      const isOpen = options.toggled.has(key);
      rows.push({ type: "span", key, depth, span, spans, group, hasChildren: true, isOpen });
      if (isOpen) for (const member of spans) pushSpan(member, depth + 1);
    } else pushSpan(span, depth);
  }

  function membersOf(group: RepeatedCalls, parent: string): SpanDetail[] {
    return expandHidden(parent).flatMap((child) =>
      child.type === "span" && groups.get(child.span.spanId) === group ? [child.span] : [],
    );
  }

  function pushSpan(span: SpanDetail, depth: number): void {
    const key = span.spanId;
    const hasChildren = expandHidden(key).length > 0;
    const isOpen = !options.toggled.has(key);
    rows.push({ type: "span", key, depth, span, spans: [span], hasChildren, isOpen });
    if (isOpen && hasChildren) visit(key, depth + 1);
  }

  visit(ROOT, 0);
  return rows;
}

/** Children by the id of their parent; what has no known parent is at the root. */
function childrenByParent(detail: UnitDetail, hasLogs: boolean): Map<string, Child[]> {
  const ids = new Set(detail.spans.map(({ spanId }) => spanId));
  const children = new Map<string, Child[]>();
  const add = (parent: string | undefined, child: Child): void => {
    const key = parent !== undefined && ids.has(parent) ? parent : ROOT;
    const list = children.get(key);
    if (list === undefined) children.set(key, [child]);
    else list.push(child);
  };
  for (const span of detail.spans) {
    add(span.parentSpanId, { type: "span", at: span.offsetMs, span });
  }
  for (const stall of detail.stalls)
    add(stall.spanId, { type: "stall", at: stall.offsetMs, stall });
  for (const log of hasLogs ? detail.logs : []) {
    add(log.spanId, { type: "log", at: log.offsetMs ?? 0, log });
  }
  return children;
}

function groupsBySpan({ repeated }: UnitDetail): Map<string, RepeatedCalls> {
  const groups = new Map<string, RepeatedCalls>();
  for (const group of repeated) {
    if (group.count < MIN_GROUP) continue;
    for (const id of group.spanIds) if (!groups.has(id)) groups.set(id, group);
  }
  return groups;
}

/** The part of the trace's time that a waterfall shows, in milliseconds. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

export function timeRange({ spans }: UnitDetail): TimeRange {
  const first = spans[0]?.offsetMs ?? 0;
  const start = spans.reduce((least, { offsetMs }) => Math.min(least, offsetMs), first);
  const end = spans.reduce((most, span) => Math.max(most, span.offsetMs + span.durationMs), 0);
  return { start, end: Math.max(end, start + 0.001) };
}

/** What a span is, which is its colour. */
export type SpanCategory = "queries" | "cache" | "calls" | "code" | "entry";

export function categoryOf({ cache, query, call, kind }: SpanDetail): SpanCategory {
  if (cache !== undefined) return "cache";
  if (query !== undefined) return "queries";
  if (call !== undefined || kind === "client" || kind === "producer") return "calls";
  return kind === "internal" ? "code" : "entry";
}

/** The text of a span's row: the query, the address, or the name. */
export function labelOf({ query, call, cache, name }: SpanDetail): string {
  if (cache !== undefined) {
    const result = cache.hit === undefined ? "" : cache.hit ? " hit" : " miss";
    return `${cache.operation}${cache.key === undefined ? "" : ` ${cache.key}`}${result}`;
  }
  if (query !== undefined) return query.text === "" ? name : query.text;
  return call === undefined ? name : `${call.method} ${call.url}`;
}
