import type { BenchResult, BlockResult, EndpointResult } from "../result.ts";
import { percentile, sortNumbers } from "../../../viewer/percentile.ts";
import { type Shift, shiftBetween, shiftOfPairs } from "./shift.ts";

/**
 * How an endpoint has changed. `unclear`: the noise is too large to know whether there is a
 * change.
 */
export type Change = "slower" | "faster" | "same" | "unclear";

/** What is compared of each block: see `chooseMeasure`. */
export type Measure = "median" | "p10" | "undelayedMean";

/** An endpoint compared with its baseline. Ratios are those of the measure, after to before. */
export interface EndpointComparison {
  readonly name: string;
  readonly before: EndpointResult["figures"];
  readonly after: EndpointResult["figures"];
  readonly change: Change;
  readonly measure: Measure;
  /** Number of blocks that were compared, the fewer ones of both sides. */
  readonly blocks: number;
  readonly ratio: number;
  /** Limits of the interval that has the true ratio. */
  readonly low: number;
  readonly high: number;
  /** Whether more blocks could make it clear. Else it is the machine that is not as it was. */
  readonly needsBlocks: boolean;
  /** Whether a request runs more queries on average: at least one, and a tenth. */
  readonly hasMoreQueries: boolean;
  /** CPU time of a request, in milliseconds; undefined if a side does not have it. */
  readonly cpuTime: CpuTimeComparison | undefined;
}

/** The CPU times of an endpoint. */
export interface CpuTimeComparison {
  readonly before: number;
  readonly after: number;
  /** Whether the difference is certain, and at least the tolerance of the duration. */
  readonly isMore: boolean;
}

/** A result compared with a baseline. */
export interface BenchComparison {
  /** The key of the baseline. */
  readonly baseline: string;
  readonly endpoints: readonly EndpointComparison[];
  /** Whether both were measured in one run. */
  readonly isOneRun: boolean;
  /** Names of endpoints that the baseline does not have. */
  readonly added: readonly string[];
  /** How much longer a fixed calculation takes on the machine now; 1 if that may be chance. */
  readonly machineRatio: number;
  /** Differences of the machines and of the versions of Node, one line each. */
  readonly notes: readonly string[];
}

export interface ComparisonOptions {
  /** A share of 1: the smallest change that counts. */
  readonly tolerance: number;
  /** How often the blocks are compared at most, while there are more and more of them. */
  readonly looks: number;
  /** Whether both were measured in one run, in which their blocks alternate. */
  readonly isOneRun: boolean;
}

/** With fewer blocks on a side, there is no interval. */
export const MIN_BLOCKS = 6;

/** Durations that differ by less are equal, in milliseconds: less than a timer resolves. */
const MIN_DIFFERENCE_MS = 0.05;

/** How often a comparison may find an interval without the true change. */
const ERROR = 0.01;

/** Returns the error that one look may have, so that all together have 1%, as Bonferroni shows. */
export function errorOfLook(looks: number): number {
  return ERROR / looks;
}

export function compareResults(
  before: BenchResult,
  after: BenchResult,
  options: ComparisonOptions,
): BenchComparison {
  const known = new Map(before.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  const machine = shiftBetween(machineLogs(before), machineLogs(after), ERROR);
  const isOther = !options.isOneRun && (machine.low > 0 || machine.high < 0);
  const endpoints = after.endpoints.flatMap((endpoint): EndpointComparison[] => {
    const old = known.get(endpoint.name);
    return old === undefined ? [] : [compareEndpoints(old, endpoint, { ...options, isOther })];
  });
  const added = after.endpoints.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  return {
    baseline: before.key,
    ...{ endpoints, isOneRun: options.isOneRun, added },
    machineRatio: isOther ? Math.exp(machine.estimate) : 1,
    notes: machineNotes(before, after),
  };
}

function machineLogs(result: BenchResult): number[] {
  return result.endpoints.flatMap(({ blocks }) =>
    blocks.map(({ machineMs }) => Math.log(machineMs)),
  );
}

interface Conditions extends ComparisonOptions {
  /** Whether the machine is faster or slower than it was, by more than chance. */
  readonly isOther: boolean;
}

function compareEndpoints(
  before: EndpointResult,
  after: EndpointResult,
  { tolerance, looks, isOneRun, isOther }: Conditions,
): EndpointComparison {
  const both = [before.blocks, after.blocks] as const;
  const measure = chooseMeasure(both, isOneRun);
  const sides: Sides = [logsOf(before.blocks, measure), logsOf(after.blocks, measure)];
  const error = errorOfLook(looks);
  const shifts = isOneRun
    ? [shiftOfNeighbours(sides, error)]
    : possibleShifts(sides, error, isOther);
  const shift = cautiousShift(shifts);
  const [old, now] = both.map((blocks) => middleOf(blocks.map((one) => valueOf(one, measure))));
  const isEqual = Math.abs((now ?? 0) - (old ?? 0)) < MIN_DIFFERENCE_MS;
  const change = isEqual ? "same" : changeOf(shift, tolerance);
  const [queries, nowQueries] = [before.figures.queries, after.figures.queries];
  return {
    ...{ name: after.name, before: before.figures, after: after.figures, change, measure },
    blocks: Math.min(before.blocks.length, after.blocks.length),
    ...{ ratio: Math.exp(shift.estimate), low: Math.exp(shift.low), high: Math.exp(shift.high) },
    needsBlocks: change === "unclear" && changeOf(withoutNoise(shifts), tolerance) !== "unclear",
    hasMoreQueries:
      queries !== undefined &&
      nowQueries !== undefined &&
      nowQueries >= Math.max(queries + 1, queries * 1.1),
    cpuTime: compareCpuTimes(both, { tolerance, error, isOther }),
  };
}

/**
 * Compares the CPU times of requests. Other processes hardly change them, however busy the
 * machine is: so they show that an endpoint computes more where its durations are unclear. A
 * machine that has changed takes its share of them; both with and without it they have to be
 * more.
 */
function compareCpuTimes(
  sides: readonly [readonly BlockResult[], readonly BlockResult[]],
  { tolerance, error, isOther }: Pick<Conditions, "tolerance" | "isOther"> & { error: number },
): CpuTimeComparison | undefined {
  const [old, now] = sides.map(cpuLogsOf);
  if (old === undefined || now === undefined) return undefined;
  const [before, after] = [old, now].map((logs) =>
    Math.exp(middleOf(logs.map(({ value }) => value))),
  );
  if (before === undefined || after === undefined) return undefined;
  const shifts = [0, ...(isOther ? [1] : [])].map((share) =>
    shiftWithout(share, [old, now], error),
  );
  // Of what the request takes without other processes, as far as it is known.
  const duration = Math.min(
    ...sides[0].map(({ p10, thread }) => Math.min(p10, thread?.undelayedMean ?? p10)),
  );
  const share = Math.min(1, before / duration);
  const isMore = shifts.every(({ estimate, low }) => {
    const [likely, certain] = [estimate, low].map((log) => share * (Math.exp(log) - 1));
    return (likely ?? 0) >= tolerance && (certain ?? 0) > tolerance / 2;
  });
  return { before, after, isMore: isMore && after - before >= MIN_DIFFERENCE_MS };
}

function cpuLogs(cpuMs: number, machineMs: number): BlockLogs {
  const value = Math.log(cpuMs);
  return { value, least: value, machine: Math.log(machineMs), cpuShare: 1 };
}

/** @returns undefined if a block does not have the CPU time. */
function cpuLogsOf(blocks: readonly BlockResult[]): readonly BlockLogs[] | undefined {
  const logs = blocks.flatMap(({ thread, machineMs }) =>
    thread === undefined || thread.cpuMs <= 0 ? [] : [cpuLogs(thread.cpuMs, machineMs)],
  );
  return logs.length === 0 || logs.length < blocks.length ? undefined : logs;
}

/**
 * Returns what is compared: the medians, unless the app often had no CPU on a side. Then it is
 * the mean without that time, or in one run what varies less from block to block, that mean or
 * the fastest requests. The variation within a side does not depend on the change between the
 * sides, so this choice favours no result.
 */
export function chooseMeasure(
  sides: readonly (readonly BlockResult[])[],
  isOneRun: boolean,
): Measure {
  const isBusy = sides.some((blocks) => delayOf(blocks) >= BUSY_DELAY);
  if (!isBusy || sides.flat().some(({ thread }) => thread === undefined)) return "median";
  if (!isOneRun) return "undelayedMean";
  const [fastest, undelayed] = (["p10", "undelayedMean"] as const).map((measure) =>
    spreadOf(sides.map((blocks) => blocks.map((block) => Math.log(valueOf(block, measure))))),
  );
  return (undelayed ?? 0) < (fastest ?? 0) ? "undelayedMean" : "p10";
}

/** A share of the time in which an app has no CPU that is more than chance. */
export const BUSY_DELAY = 0.1;

/** Returns the share of the time in which the app was ready to run, but had no CPU. */
export function delayOf(blocks: readonly BlockResult[]): number {
  return middleOf(blocks.flatMap(({ thread }) => thread?.delayShare ?? []));
}

/** Returns the measure of a block, in milliseconds. */
export function valueOf(block: BlockResult, measure: Measure): number {
  if (measure === "undelayedMean") return block.thread?.undelayedMean ?? block.median;
  return block[measure];
}

/** Logarithms of a block. */
interface BlockLogs {
  /** Of the measure. */
  readonly value: number;
  /** Of the least that it may be. */
  readonly least: number;
  readonly machine: number;
  /** How much of a duration is computing, as a share of 1; undefined if the app has not reported it. */
  readonly cpuShare: number | undefined;
}

type Sides = readonly [before: readonly BlockLogs[], after: readonly BlockLogs[]];

function logsOf(blocks: readonly BlockResult[], measure: Measure): readonly BlockLogs[] {
  return blocks.map((block) => {
    const { machineMs, thread } = block;
    const value = valueOf(block, measure);
    const least = measure === "undelayedMean" ? (thread?.leastMean ?? value) : value;
    return {
      ...{ value: Math.log(value), least: Math.log(least), machine: Math.log(machineMs) },
      cpuShare: thread?.cpuShare,
    };
  });
}

/** Returns the shift of the logarithms of the measure, by pairs of blocks after each other. */
function shiftOfNeighbours([before, after]: Sides, error: number): Shift {
  const pairs = after.flatMap(({ value }, at) => {
    const old = before[at];
    return old === undefined ? [] : [value - old.value];
  });
  return shiftOfPairs(pairs, error);
}

/**
 * Returns the shifts between two times, of which each is possible. If the machine has changed,
 * an app that computes is slower by as much as the calculation that is measured beside each
 * block, and one that waits for a timer or another host is not: so there is one with the least
 * and one with the greatest share of that change. If the machine is busy, there is one with the
 * greatest measure before and the least one after, and the other way round.
 */
function possibleShifts(sides: Sides, error: number, isOther: boolean): readonly Shift[] {
  const greatest = isOther ? greatestShare(sides) : 0;
  const least = isOther ? Math.min(greatest, leastShare(sides)) : 0;
  return [...new Set([least, greatest])].flatMap((share) => [
    shiftWithout(share, sides, error, ["value", "least"]),
    shiftWithout(share, sides, error, ["least", "value"]),
  ]);
}

/** Returns the shift of the logarithms between the two sides, less a share of that of the machine. */
function shiftWithout(
  share: number,
  [before, after]: Sides,
  error: number,
  [from, to]: readonly ["value" | "least", "value" | "least"] = ["value", "value"],
): Shift {
  return shiftBetween(
    before.map((logs) => logs[from] - share * logs.machine),
    after.map((logs) => logs[to] - share * logs.machine),
    error,
  );
}

/** The interval has all that is possible, and the estimate is the smallest change. */
function cautiousShift(shifts: readonly Shift[]): Shift {
  const estimates = shifts.map(({ estimate }) => estimate);
  const [least, greatest] = [Math.min(...estimates), Math.max(...estimates)];
  return {
    estimate: least > 0 ? least : Math.min(greatest, 0),
    low: Math.min(...shifts.map(({ low }) => low)),
    high: Math.max(...shifts.map(({ high }) => high)),
  };
}

/** Returns what is left of the interval with any number of blocks. */
function withoutNoise(shifts: readonly Shift[]): Shift {
  return cautiousShift(shifts.map(({ estimate }) => ({ estimate, low: estimate, high: estimate })));
}

/** What an app computes depends on the machine in any case. */
function leastShare(sides: Sides): number {
  const shares = sides.flatMap((logs) => logs.map(({ cpuShare }) => cpuShare ?? 0));
  return middleOf(shares);
}

/**
 * Returns by which share of a change of the machine, at most, durations may have changed:
 * what hardly varies while the machine varies a lot does not depend on it.
 */
function greatestShare(sides: Sides): number {
  const values = spreadOf(sides.map((logs) => logs.map(({ value }) => value)));
  const machine = spreadOf(sides.map((logs) => logs.map((one) => one.machine)));
  const share = machine === 0 ? 1 : Math.min(1, (CAUTION * values) / machine);
  return Math.max(share, leastShare(sides));
}

/** The spreads of a few blocks are estimates. */
const CAUTION = 3;

/** Returns the median distance of the values from the median of their side. */
function spreadOf(sides: readonly (readonly number[])[]): number {
  const distances = sides.flatMap((values) => {
    const middle = middleOf(values);
    return values.map((value) => Math.abs(value - middle));
  });
  return middleOf(distances);
}

function middleOf(values: readonly number[]): number {
  return percentile(sortNumbers(values), 0.5);
}

/**
 * Half of the tolerance is certain, and the whole of it likely: else a change of exactly the
 * tolerance would be found in every second measurement only. The rule is the same in both
 * directions.
 */
function changeOf({ estimate, low, high }: Shift, tolerance: number): Change {
  const limit = Math.log(1 + tolerance);
  const certain = Math.log(1 + tolerance / 2);
  if (estimate >= limit && low > certain) return "slower";
  if (estimate <= -limit && high < -certain) return "faster";
  const isLikely = Math.abs(estimate) < limit;
  return isLikely && low > -limit * 2 && high < limit * 2 ? "same" : "unclear";
}

function machineNotes(before: BenchResult, after: BenchResult): string[] {
  const differences = (["cpu", "cpus", "platform", "node"] as const).filter(
    (key) => before.machine[key] !== after.machine[key],
  );
  return differences.map(
    (key) => `${MACHINE_NAMES[key]}: ${before.machine[key]} before, ${after.machine[key]} now`,
  );
}

const MACHINE_NAMES = { cpu: "CPU", cpus: "CPUs", platform: "platform", node: "Node" } as const;
