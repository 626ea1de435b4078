import type { Block, TableBlock } from "../report/document.ts";
import { formatCount, formatSeconds, formatShare } from "../report/formats.ts";
import { histogramChart, intervalChart, percentileChart } from "./charts.ts";
import type { BenchComparison, EndpointComparison } from "./comparison/comparison.ts";
import type { Figures } from "./figures.ts";
import type { BenchResult, EndpointResult } from "./result.ts";
import type { FigureVerdict } from "./verdict.ts";

/** A result, and what it was compared with. */
export interface BenchReport {
  readonly result: BenchResult;
  readonly comparison: BenchComparison | undefined;
  /** Whether the result is that of a part of the blocks. */
  readonly isInterrupted: boolean;
  /** What makes the command end with 1, one line each. */
  readonly findings: readonly string[];
}

/** A column of the table of figures; the text of an unknown figure is a dash. */
export interface FigureColumn {
  readonly title: string;
  readonly isFigure: boolean;
  readonly cell: (endpoint: EndpointResult) => string;
}

export const UNKNOWN = "–";

export const FIGURE_COLUMNS: readonly FigureColumn[] = [
  { title: "endpoint", isFigure: false, cell: ({ name }) => name },
  ...(["mean", "p50", "p95", "p99", "max"] as const).map((name) =>
    figureColumn(name, (figures) => formatMs(figures[name])),
  ),
  figureColumn("req/s", ({ requestsPerSecond }) => formatCount(requestsPerSecond)),
  figureColumn("errors", ({ errors }) => formatCount(errors)),
  figureColumn("queries", ({ queries }) => formatQueries(queries)),
  figureColumn("query time", ({ queryMs }) =>
    queryMs === undefined ? UNKNOWN : formatMs(queryMs),
  ),
  figureColumn("cache ratio", ({ cacheRatio }) =>
    cacheRatio === undefined ? UNKNOWN : formatShare(Math.round(cacheRatio * 1000) / 1000),
  ),
  { title: "verdict", isFigure: false, cell: ({ verdict }) => verdict },
];

/** Returns the columns that have anything: without queries and caches, those are left out. */
export function usedColumns(endpoints: readonly EndpointResult[]): readonly FigureColumn[] {
  return FIGURE_COLUMNS.filter(({ cell }) => endpoints.some((one) => cell(one) !== UNKNOWN));
}

function figureColumn(title: string, format: (figures: Figures) => string): FigureColumn {
  return { title, isFigure: true, cell: ({ figures }) => format(figures) };
}

export function formatMs(ms: number): string {
  return formatSeconds(ms / 1000);
}

function formatQueries(queries: number | undefined): string {
  return queries === undefined ? UNKNOWN : String(Number(queries.toFixed(2)));
}

export interface ComparisonColumn {
  readonly title: string;
  readonly isFigure: boolean;
  readonly cell: (endpoint: EndpointComparison) => string;
}

export const COMPARISON_COLUMNS: readonly ComparisonColumn[] = [
  { title: "endpoint", isFigure: false, cell: ({ name }) => name },
  { title: "p50 before", isFigure: true, cell: ({ before }) => formatMs(before.p50) },
  { title: "p50 now", isFigure: true, cell: ({ after }) => formatMs(after.p50) },
  { title: "change", isFigure: true, cell: ({ ratio }) => formatRatio(ratio) },
  {
    title: "interval",
    isFigure: false,
    cell: ({ low, high }) => `${formatRatio(low)} to ${formatRatio(high)}`,
  },
  {
    title: "queries",
    isFigure: false,
    cell: ({ before, after }) =>
      `${formatQueries(before.queries)} → ${formatQueries(after.queries)}`,
  },
  {
    title: "CPU time",
    isFigure: false,
    cell: ({ cpuTime }) =>
      cpuTime === undefined ? UNKNOWN : `${formatMs(cpuTime.before)} → ${formatMs(cpuTime.after)}`,
  },
  { title: "result", isFigure: false, cell: comparisonResult },
];

function comparisonResult({ change, hasMoreQueries, cpuTime }: EndpointComparison): string {
  const more = [...(hasMoreQueries ? ["queries"] : []), ...(cpuTime?.isMore ? ["CPU time"] : [])];
  return more.length === 0 ? change : `${change}, more ${more.join(" and ")}`;
}

/** Formats a ratio as a change: `+21%`. */
export function formatRatio(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100);
  if (!Number.isFinite(percent) || percent > 900) return percent > 0 ? "> +900%" : UNKNOWN;
  return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${Math.abs(percent)}%`;
}

/** Returns what is above its target, or worse than before. */
export function findingsOf(
  { endpoints }: BenchResult,
  comparison: BenchComparison | undefined,
): readonly string[] {
  const bad = endpoints.flatMap(({ name, verdicts }) =>
    verdicts
      .filter(({ verdict }) => verdict === "needs work")
      .map((verdict) => `${name}: ${describeVerdict(verdict)}`),
  );
  const worse = (comparison?.endpoints ?? []).flatMap((endpoint) => [
    ...(endpoint.change === "slower" ? [describeSlower(endpoint)] : []),
    ...(endpoint.cpuTime?.isMore === true
      ? [
          `${endpoint.name}: ${formatMs(endpoint.cpuTime.after)} CPU time per request, ${formatMs(endpoint.cpuTime.before)} before`,
        ]
      : []),
    ...(endpoint.hasMoreQueries
      ? [
          `${endpoint.name}: ${formatQueries(endpoint.after.queries)} queries per request, ${formatQueries(endpoint.before.queries)} before`,
        ]
      : []),
  ]);
  return [...bad, ...worse];
}

function describeSlower({ name, ratio, low, high }: EndpointComparison): string {
  return `${name}: slower, ${formatRatio(ratio)} (${formatRatio(low)} to ${formatRatio(high)})`;
}

function describeVerdict({ figure, value, target }: FigureVerdict): string {
  const format = formatOf(figure);
  const word = figure === "cache_ratio" ? "at least" : "at most";
  return `${FIGURE_NAMES[figure] ?? figure} ${format(value)}, the target is ${word} ${format(target.good)}`;
}

const FIGURE_NAMES: Readonly<Partial<Record<FigureVerdict["figure"], string>>> = {
  ...{ query_time: "query time", cache_ratio: "cache ratio" },
};

function formatOf(figure: FigureVerdict["figure"]): (value: number) => string {
  if (figure === "errors" || figure === "cache_ratio") return formatShare;
  return figure === "queries" ? formatQueries : formatMs;
}

/** Returns the line on what was compared. */
export function comparisonTitle(comparison: BenchComparison): string {
  return `Compared with ${comparison.baseline}`;
}

/** Returns what a reader of a comparison has to know, one line each. */
export function comparisonNotes(comparison: BenchComparison): readonly string[] {
  const { machineRatio, added, notes, endpoints } = comparison;
  const isOther = Math.abs(Math.log(machineRatio)) > NOTED_MACHINE_CHANGE;
  const unclear = endpoints.filter(({ change }) => change === "unclear");
  return [
    ...notes,
    ...(isOther
      ? [
          `a fixed calculation takes ${formatRatio(machineRatio)} time now: the machine is not as it was`,
        ]
      : []),
    ...unclear.map((endpoint) => describeUnclear(endpoint, comparison)),
    ...endpoints.flatMap(describeMeasure),
    ...(added.length === 0 ? [] : [`not in the baseline: ${added.join(", ")}`]),
  ];
}

const NOTED_MACHINE_CHANGE = 0.1;

function describeUnclear(
  { name, low, high, blocks, needsBlocks }: EndpointComparison,
  { isOneRun }: BenchComparison,
): string {
  const range = `after ${blocks} blocks the change may be anything from ${formatRatio(low)} to ${formatRatio(high)}`;
  const oneRun = isOneRun ? "" : ", or both apps in one run (--against)";
  const reason =
    needsBlocks || isOneRun
      ? `since the durations vary too much; measure on a quiet machine, with more --iterations or --max-blocks${oneRun}`
      : `since the machine is busy, or not as it was; measure on a quiet machine${oneRun}`;
  return `${name}: ${range}, ${reason}`;
}

function describeMeasure({ name, measure }: EndpointComparison): string[] {
  if (measure === "median") return [];
  const compared =
    measure === "p10"
      ? "by its fastest requests (10th percentile)"
      : "by the mean without the time in which the app had no CPU";
  return [`${name}: compared ${compared}, since the machine is busy`];
}

/** Returns the result as a document of Markdown and HTML. */
export function documentOf({ result, comparison, findings }: BenchReport): Block[] {
  const { endpoints, machine, settings, startedAt, key, branch, notes } = result;
  const found = findings.length === 0 ? "Nothing is above its target." : findings.join("; ");
  return [
    { kind: "heading", level: 1, text: titleOf(result) },
    { kind: "text", text: `${found}${found.endsWith(".") ? "" : "."}` },
    figureTable(endpoints),
    ...(comparison === undefined ? [] : comparisonBlocks(comparison)),
    percentileChart(endpoints),
    ...endpoints.map(histogramChart),
    { kind: "heading", level: 2, text: "Conditions" },
    {
      kind: "text",
      text:
        `${startedAt}, commit ${key}${branch === undefined ? "" : ` (${branch})`}, ` +
        `${machine.cpus} × ${machine.cpu}, ${machine.platform}, Node ${machine.node}, ` +
        `concurrency ${settings.concurrency}${settings.clearsCache ? ", caches emptied" : ""}` +
        `${settings.warmsCache ? ", caches filled" : ""}.`,
    },
    ...notes.map((text): Block => ({ kind: "text", text: `Note: ${text}.` })),
  ];
}

export function titleOf({ key }: BenchResult): string {
  return `Benchmark of ${key}`;
}

function figureTable(endpoints: readonly EndpointResult[]): TableBlock {
  const columns = usedColumns(endpoints);
  return {
    ...{ kind: "table", title: "Figures", empty: "No endpoint was measured." },
    columns: columns.map(({ title, isFigure }) => ({ title, isNumber: isFigure })),
    rows: endpoints.map((endpoint) =>
      columns.map(({ cell }, at) => (at === 0 ? { code: cell(endpoint) } : cell(endpoint))),
    ),
  };
}

function comparisonBlocks(comparison: BenchComparison): Block[] {
  return [
    { kind: "heading", level: 2, text: comparisonTitle(comparison) },
    {
      ...{ kind: "table", title: "Changes", empty: "The baseline has none of the endpoints." },
      columns: COMPARISON_COLUMNS.map(({ title, isFigure }) => ({ title, isNumber: isFigure })),
      rows: comparison.endpoints.map((endpoint) =>
        COMPARISON_COLUMNS.map(({ cell }, at) =>
          at === 0 ? { code: cell(endpoint) } : cell(endpoint),
        ),
      ),
    },
    ...comparisonNotes(comparison).map((text): Block => ({ kind: "text", text: `Note: ${text}.` })),
    ...(comparison.endpoints.length === 0 ? [] : [intervalChart(comparison.endpoints)]),
  ];
}
