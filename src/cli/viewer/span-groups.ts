import type { SpanDetail } from "../../viewer/model.ts";
import { roundMs } from "./figures.ts";
import { cutText, TEXT_LIMITS } from "./telemetry-text.ts";
import { idOf, placeText } from "./unit-view.ts";

/** Equal spans below one parent, or below equal parents, as one entry. */
export interface SpanGroup {
  /** The span id of the first one. */
  readonly id: string;
  readonly depth: number;
  /** What it is below; undefined for the first one. */
  readonly below?: string;
  /** SQL, a method and URL, or the name of the span. */
  readonly what: string;
  readonly service: string;
  readonly kind: SpanDetail["kind"];
  readonly count: number;
  /** Of the first one, since the start of the trace. */
  readonly atMs: number;
  /** Sums of the durations, and of the durations without children. */
  readonly totalMs: number;
  readonly selfMs: number;
  readonly avgMs: number;
  readonly maxMs: number;
  readonly failed: number;
  readonly place?: string;
  readonly rows?: number;
}

/** A span that is its own ancestor has no end, and deeper ones are of no use. */
const MAX_DEPTH = 60;

/** Groups the spans of a trace: a flat list, in which children follow their parents. */
export function groupSpans(spans: readonly SpanDetail[]): SpanGroup[] {
  const children = childrenOf(spans);
  const groups: SpanGroup[] = [];
  const pending = groupsOf(children.get(undefined) ?? []).map((same) => ({
    same,
    depth: 0,
    below: undefined as string | undefined,
  }));
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { same, depth, below } = next;
    const group = describe(same, depth, below);
    groups.push(group);
    if (depth >= MAX_DEPTH) continue;
    const nested = groupsOf(same.flatMap(({ spanId }) => children.get(spanId) ?? []));
    pending.unshift(
      ...nested.map((one) => ({ same: one, depth: depth + 1, below: cutText(group.what, 40) })),
    );
  }
  return groups;
}

/** Returns the spans by parent; those whose parent is not in the trace have none. */
function childrenOf(spans: readonly SpanDetail[]): Map<string | undefined, SpanDetail[]> {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string | undefined, SpanDetail[]>();
  for (const span of spans.toSorted((a, b) => a.offsetMs - b.offsetMs)) {
    const { parentSpanId } = span;
    const isKnown = parentSpanId !== undefined && ids.has(parentSpanId);
    const parent = isKnown && parentSpanId !== span.spanId ? parentSpanId : undefined;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [span]);
    else siblings.push(span);
  }
  return children;
}

/** Returns lists of equal spans, in the order of the first ones. */
function groupsOf(spans: readonly SpanDetail[]): SpanDetail[][] {
  const groups = new Map<string, SpanDetail[]>();
  for (const span of spans) {
    const { query, call, place, service, kind, name } = span;
    const what = query?.fingerprint ?? (call && `${call.method} ${name}`) ?? name;
    const key = [service, kind, what, place?.shown, place?.line].join("\n");
    const same = groups.get(key);
    if (same === undefined) groups.set(key, [span]);
    else same.push(span);
  }
  return [...groups.values()];
}

function describe(
  same: readonly SpanDetail[],
  depth: number,
  below: string | undefined,
): SpanGroup {
  const [first] = same as [SpanDetail];
  const totalMs = sumOf(same, ({ durationMs }) => durationMs);
  const place = placeText(first.place);
  const rows = same.some(({ query }) => query?.rows !== undefined)
    ? sumOf(same, ({ query }) => query?.rows ?? 0)
    : undefined;
  return {
    id: idOf(first.spanId),
    depth,
    ...(below !== undefined && { below }),
    what: whatOf(first, same.length),
    service: cutText(first.service, 40),
    kind: first.kind,
    count: same.length,
    atMs: roundMs(first.offsetMs),
    totalMs: roundMs(totalMs),
    selfMs: roundMs(sumOf(same, ({ selfMs }) => selfMs)),
    avgMs: roundMs(totalMs / same.length),
    maxMs: roundMs(same.reduce((max, { durationMs }) => Math.max(max, durationMs), 0)),
    failed: same.filter(({ failed }) => failed).length,
    ...(place !== undefined && { place }),
    ...(rows !== undefined && { rows }),
  };
}

/** Returns what a span does; for several ones without their literals. */
function whatOf({ query, call, name }: SpanDetail, count: number): string {
  if (query !== undefined)
    return cutText(count === 1 ? query.text : query.fingerprint, TEXT_LIMITS.query);
  if (call !== undefined && count === 1)
    return cutText(`${call.method} ${call.url} ${call.status ?? ""}`.trim(), TEXT_LIMITS.path);
  return cutText(name, TEXT_LIMITS.path);
}

function sumOf(spans: readonly SpanDetail[], read: (span: SpanDetail) => number): number {
  return spans.reduce((sum, span) => sum + read(span), 0);
}
