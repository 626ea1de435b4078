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
  /** The 10th percentile: what other processes do delays the fastest requests least. */
  readonly p10: number;
  /** Of the fixed calculation of `machine-speed.ts`, in milliseconds. */
  readonly machineMs: number;
  /** What the app has reported of its main thread; undefined if it has not. */
  readonly thread?: BlockThread | undefined;
}

/** The main thread of the app in a block. */
export interface BlockThread {
  /**
   * Mean of the durations without the time in which the thread had no CPU, in milliseconds:
   * the time that requests would have taken on a machine of their own.
   */
  readonly undelayedMean: number;
  /**
   * The least that this mean may be: without the time in which the sender of the requests had no
   * CPU either, of which an unknown part was while the app worked.
   */
  readonly leastMean: number;
  /** Share of the time in which the thread was ready to run, but had no CPU. */
  readonly delayShare: number;
  /** Share of the other time in which it had one: how much of a duration is computing. */
  readonly cpuShare: number;
  /** CPU time of a request, in milliseconds. */
  readonly cpuMs: number;
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
    blocks: answered.map(blockResult),
  };
}

export function blockResult(block: Block): BlockResult {
  const { load, machineMs } = block;
  const sorted = sortNumbers(load.durations);
  return {
    ...{ median: rankedValue(sorted, 0.5), p10: rankedValue(sorted, 0.1) },
    ...{ machineMs, thread: blockThread(block) },
  };
}

/**
 * While the thread has no CPU, all requests in progress wait. So each of them takes longer by
 * the same share as the block does, whatever the number of connections is.
 */
function blockThread({ load, counts }: Block): BlockThread | undefined {
  const { thread } = counts ?? {};
  if (thread === undefined || thread.cpu <= 0 || load.elapsedMs === 0) return undefined;
  const { durations, elapsedMs } = load;
  // It may have waited before the first request and after the last one, too.
  const delayShare = Math.min(thread.runDelay / elapsedMs, MAX_DELAY_SHARE);
  const mean = durations.reduce((sum, ms) => sum + ms, 0) / durations.length;
  const undelayedMean = mean * (1 - delayShare);
  const cpuMs = thread.cpu / durations.length;
  const withoutSender = mean * (1 - delayShare - load.runDelayMs / elapsedMs);
  return {
    undelayedMean,
    leastMean: Math.min(undelayedMean, Math.max(cpuMs, withoutSender)),
    delayShare,
    cpuShare: Math.min(1, thread.cpu / (elapsedMs * (1 - delayShare))),
    cpuMs,
  };
}

const MAX_DELAY_SHARE = 0.98;

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
