import { availableParallelism, cpus } from "node:os";
import { sortNumbers } from "../../viewer/percentile.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Block, type Figures, figuresOf, rankedValue } from "./figures.ts";
import { type FigureVerdict, type Verdict, verdictsOf, worstVerdict } from "./verdict.ts";

/** What a measurement has found, as `--json` prints it and a baseline has it. */
export interface BenchResult {
  readonly version: 1;
  /** The name of the baseline that it becomes with `--save`. */
  readonly key: string;
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  /** When it began, ISO 8601. */
  readonly startedAt: string;
  readonly machine: Machine;
  readonly settings: MeasuredSettings;
  readonly endpoints: readonly EndpointResult[];
  /** What readers of the figures have to know, one line each. */
  readonly notes: readonly string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly platform: string;
  readonly node: string;
}

/** Settings without which two results can't be compared. */
export interface MeasuredSettings {
  readonly concurrency: number;
  readonly clearsCache: boolean;
  readonly warmsCache: boolean;
}

export interface EndpointResult {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly figures: Figures;
  readonly verdict: Verdict;
  readonly verdicts: readonly FigureVerdict[];
  /** Number of responses by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The last request without a response. */
  readonly failure: string | undefined;
  /** Durations by their upper limit, in milliseconds. */
  readonly histogram: readonly HistogramBucket[];
  readonly blocks: readonly BlockResult[];
}

export interface HistogramBucket {
  readonly limitMs: number;
  readonly count: number;
}

export interface BlockResult {
  /** Of the durations, in milliseconds. */
  readonly median: number;
  /** Of the fixed calculation of `machine-speed.ts`, in milliseconds. */
  readonly machineMs: number;
}

export function machineOf(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpus: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export function endpointResult(endpoint: Endpoint, blocks: readonly Block[]): EndpointResult {
  const { name, method, url, status, targets } = endpoint;
  const figures = figuresOf(blocks, status);
  const verdicts = verdictsOf(figures, targets);
  const answered = blocks.filter(({ load }) => load.durations.length > 0);
  return {
    ...{ name, method, url: shownAddress(url), figures },
    ...{ verdict: worstVerdict(verdicts), verdicts, statuses: statusesOf(blocks) },
    failure: blocks.findLast(({ load }) => load.failure !== undefined)?.load.failure,
    histogram: histogramOf(blocks.flatMap(({ load }) => load.durations)),
    blocks: answered.map(({ load, machineMs }) => ({
      median: rankedValue(sortNumbers(load.durations), 0.5),
      machineMs,
    })),
  };
}

/** Returns an address without what may be a secret. */
function shownAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function statusesOf(blocks: readonly Block[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { load } of blocks)
    for (const [status, count] of load.statuses)
      sums.set(String(status), (sums.get(String(status)) ?? 0) + count);
  return Object.fromEntries(sums);
}

const BUCKETS = 40;

/** Returns the counts of equally wide ranges up to the 99th percentile; the last one has the rest. */
function histogramOf(durations: readonly number[]): HistogramBucket[] {
  const sorted = sortNumbers(durations);
  const [low, high] = [sorted[0] ?? 0, rankedValue(sorted, 0.99)];
  const width = (high - low) / (BUCKETS - 1) || 1;
  const counts = Array.from({ length: BUCKETS }, () => 0);
  for (const ms of sorted) {
    const at = Math.min(BUCKETS - 1, Math.floor((ms - low) / width));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count, at) => ({ limitMs: low + (at + 1) * width, count }));
}
