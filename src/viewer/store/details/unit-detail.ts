import type {
  LogDetail,
  ProfileSummary,
  Run,
  SpanDetail,
  UnitDetail,
  UnitSummary,
} from "../../model.ts";
import { errorDetails, type ShownSpan } from "./error-details.ts";
import { headersOf } from "./headers.ts";
import { errorKeyOfLog, logDetailOf } from "./log-detail.ts";
import { roundMs } from "../units/milliseconds.ts";
import { idOfItem, type OtlpItem } from "../items/otlp-items.ts";
import { repeatedCallsOf } from "../units/repeated-calls.ts";
import { type DetailContext, spanDetail } from "./span-detail.ts";
import { spanFactsOf } from "../units/span-facts.ts";
import { beginsUnit, byStart, forEachBelow, type SpanNode } from "../units/span-node.ts";
import { SpanTree } from "../units/span-tree.ts";
import { stallDetails } from "./stall-details.ts";
import { summarize } from "../units/unit-summary.ts";
import { unitTiming } from "./unit-timing.ts";

/** The spans and log records of a trace. */
export interface TraceItems {
  readonly spans: readonly OtlpItem[];
  readonly logs: readonly OtlpItem[];
}

/** What the index knows of a unit of work. */
export interface DetailInput {
  readonly summary: UnitSummary;
  readonly run: Run | undefined;
  readonly profiles: readonly ProfileSummary[];
  readonly projectFolder: string;
  readonly ignore: readonly string[];
}

/** Spans and log records of one answer. */
const MAX_SPANS = 5000;
const MAX_LOGS = 5000;

/** Returns a unit of work whole; undefined if its root is not among the items. */
export function unitDetail(items: TraceItems, input: DetailInput): UnitDetail | undefined {
  const { tree, itemOf } = treeOf(items);
  const roots = rootsOf(tree, input.summary.spanId);
  const [root] = roots;
  if (root === undefined) return undefined;
  const shown: ShownSpan[] = [];
  const depths: number[] = [];
  sortChildren(roots);
  forEachBelow(roots, (node, depth) => {
    const item = itemOf.get(node.facts.spanId);
    if (item === undefined) return;
    shown.push({ node, item });
    depths.push(depth);
  });
  const summary = { ...input.summary, ...summarize(roots, tree.logsWithoutSpan, input) };
  const context = contextOf(shown, summary, input.projectFolder);
  const logs = logsOf(items.logs, shown, root, context.origin);
  const spans = shown.map(({ node, item }, index) =>
    spanDetail(node, depths[index] ?? 0, item, context),
  );
  const kept = keepSpans(spans);
  const unit = { start: summary.start, end: summary.start + summary.durationMs };
  return {
    summary,
    ...(input.run !== undefined && { run: input.run }),
    spans: kept,
    omittedSpans: spans.length - kept.length,
    logs: logs.slice(0, MAX_LOGS),
    errors: errorDetails(shown, logs, context),
    repeated: repeatedCallsOf(roots, input),
    stalls: stallDetails(shown, context),
    profiles: input.profiles,
    requestHeaders: headersOf(root.facts.attributes, "request"),
    responseHeaders: headersOf(root.facts.attributes, "response"),
    timing: unitTiming(roots, unit),
  };
}

function treeOf({ spans, logs }: TraceItems): {
  tree: SpanTree;
  itemOf: Map<string, OtlpItem>;
} {
  const tree = new SpanTree();
  const itemOf = new Map<string, OtlpItem>();
  for (const item of spans) {
    const facts = spanFactsOf(item.value);
    tree.add(facts, item.resource);
    itemOf.set(facts.spanId, item);
  }
  for (const { value } of logs) {
    tree.addLog({ spanId: idOfItem(value, "spanId"), errorKey: errorKeyOfLog(value) });
  }
  return { tree, itemOf };
}

/** Returns the root of a unit of work, with its siblings if their parent is missing. */
function rootsOf(tree: SpanTree, spanId: string): SpanNode[] {
  const root = tree.node(spanId);
  if (root === undefined) return [];
  if (beginsUnit(root)) return [root];
  return tree.orphanGroups().find((group) => group.includes(root)) ?? [root];
}

function sortChildren(roots: readonly SpanNode[]): void {
  forEachBelow(roots, ({ children }) => {
    children.sort(byStart);
  });
}

function contextOf(
  shown: readonly ShownSpan[],
  { durationMs, start }: UnitSummary,
  projectFolder: string,
): DetailContext {
  let origin = start;
  for (const { node } of shown) origin = Math.min(origin, node.facts.start);
  return { origin, durationMs, projectFolder };
}

/** Log records of the spans, and those of the trace without a span if this is its first unit. */
function logsOf(
  items: readonly OtlpItem[],
  shown: readonly ShownSpan[],
  root: SpanNode,
  origin: number,
): LogDetail[] {
  const spanIds = new Set(shown.map(({ node }) => node.facts.spanId));
  if (root.parent === undefined) spanIds.add("");
  return items
    .filter(({ value }) => spanIds.has(idOfItem(value, "spanId")))
    .map((item) => {
      const log = logDetailOf(item);
      return { ...log, offsetMs: roundMs(log.time - origin) };
    })
    .toSorted((a, b) => a.time - b.time);
}

/** Leaves out the spans of the long view first. */
function keepSpans(spans: readonly SpanDetail[]): readonly SpanDetail[] {
  if (spans.length <= MAX_SPANS) return spans;
  const focused = spans.filter((span) => span.focused).slice(0, MAX_SPANS);
  const kept = new Set(focused);
  for (const span of spans) {
    if (kept.size >= MAX_SPANS) break;
    kept.add(span);
  }
  return spans.filter((span) => kept.has(span));
}
