import type { BenchResult, EndpointResult } from "./result.ts";
import { percentile, sortNumbers } from "../../viewer/percentile.ts";
import { type Shift, shiftBetween } from "./shift.ts";

/**
 * How the median of an endpoint has changed. `unclear`: the noise is too large to know whether there
 * is one.
 */
export type Change = "slower" | "faster" | "same" | "unclear";

/** An endpoint compared with its baseline. Ratios are those of the medians, after to before. */
export interface EndpointComparison {
  readonly name: string;
  readonly before: EndpointResult["figures"];
  readonly after: EndpointResult["figures"];
  readonly change: Change;
  readonly ratio: number;
  /** Limits of the interval that has the true ratio. */
  readonly low: number;
  readonly high: number;
  /** Whether a request runs more queries on average: at least one, and a tenth. */
  readonly hasMoreQueries: boolean;
}

/** A result compared with a baseline. */
export interface BenchComparison {
  /** The key of the baseline. */
  readonly baseline: string;
  readonly endpoints: readonly EndpointComparison[];
  /** Names of endpoints that the baseline does not have. */
  readonly added: readonly string[];
  /** How much longer a fixed calculation takes on the machine now; 1 if that may be chance. */
  readonly machineRatio: number;
  /** Differences of the machines and of the versions of Node, one line each. */
  readonly notes: readonly string[];
}

/** With fewer blocks on a side, there is no interval. */
export const MIN_BLOCKS = 6;

/** Medians that differ by less are equal, in milliseconds: less than a timer resolves. */
const MIN_DIFFERENCE_MS = 0.05;

/** @param tolerance a share of 1: the smallest change that counts. */
export function compareResults(
  before: BenchResult,
  after: BenchResult,
  tolerance: number,
): BenchComparison {
  const known = new Map(before.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  const machine = shiftBetween(machineLogs(before), machineLogs(after));
  const isOther = machine.low > 0 || machine.high < 0;
  const endpoints = after.endpoints.flatMap((endpoint): EndpointComparison[] => {
    const old = known.get(endpoint.name);
    return old === undefined ? [] : [compareEndpoints(old, endpoint, { tolerance, isOther })];
  });
  const added = after.endpoints.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  return {
    baseline: before.key,
    ...{ endpoints, added },
    machineRatio: isOther ? Math.exp(machine.estimate) : 1,
    notes: machineNotes(before, after),
  };
}

function machineLogs(result: BenchResult): number[] {
  return result.endpoints.flatMap(({ blocks }) =>
    blocks.map(({ machineMs }) => Math.log(machineMs)),
  );
}

interface Conditions {
  readonly tolerance: number;
  /** Whether the machine is faster or slower than it was, by more than chance. */
  readonly isOther: boolean;
}

function compareEndpoints(
  before: EndpointResult,
  after: EndpointResult,
  { tolerance, isOther }: Conditions,
): EndpointComparison {
  const shift = cautiousShift(before, after, isOther);
  const difference = Math.abs(after.figures.p50 - before.figures.p50);
  const change = difference < MIN_DIFFERENCE_MS ? "same" : changeOf(shift, tolerance);
  const [queries, now] = [before.figures.queries, after.figures.queries];
  return {
    ...{ name: after.name, before: before.figures, after: after.figures, change },
    ...{ ratio: Math.exp(shift.estimate), low: Math.exp(shift.low), high: Math.exp(shift.high) },
    hasMoreQueries:
      queries !== undefined && now !== undefined && now >= Math.max(queries + 1, queries * 1.1),
  };
}

/**
 * Returns the shift of the logarithms of the medians of the blocks. Another time may be one of
 * a slower machine, or of a busier one. An app that computes is slower by as much as the
 * calculation that is measured beside each block; one that waits for a timer or another host
 * is not. So if the machine has changed, the shift is estimated without it, and with as much of
 * it as it may have: the interval has both, and the estimate is the smaller change.
 */
function cautiousShift(
  before: EndpointResult,
  after: EndpointResult,
  isOtherMachine: boolean,
): Shift {
  const sides = [logsOf(before.blocks), logsOf(after.blocks)] as const;
  const share = isOtherMachine ? machineShare(sides) : 0;
  const [plain, adjusted] = [0, share].map((one) => {
    const [old, now] = sides.map((logs) =>
      logs.map(({ median, machine }) => median - one * machine),
    );
    return shiftBetween(old ?? [], now ?? []);
  }) as [Shift, Shift];
  const isOpposite = plain.estimate * adjusted.estimate < 0;
  const isSmaller = Math.abs(plain.estimate) < Math.abs(adjusted.estimate);
  return {
    estimate: isOpposite ? 0 : isSmaller ? plain.estimate : adjusted.estimate,
    low: Math.min(plain.low, adjusted.low),
    high: Math.max(plain.high, adjusted.high),
  };
}

/** Logarithms of a block. */
interface BlockLogs {
  readonly median: number;
  readonly machine: number;
}

function logsOf(blocks: EndpointResult["blocks"]): readonly BlockLogs[] {
  return blocks.map(({ median, machineMs }) => ({
    median: Math.log(median),
    machine: Math.log(machineMs),
  }));
}

/**
 * Returns by which share of a change of the machine, at most, durations may have changed:
 * what hardly varies while the machine varies a lot does not depend on it.
 */
function machineShare(sides: readonly (readonly BlockLogs[])[]): number {
  const medians = spreadOf(sides.map((logs) => logs.map(({ median }) => median)));
  const machine = spreadOf(sides.map((logs) => logs.map((one) => one.machine)));
  return machine === 0 ? 1 : Math.min(1, (CAUTION * medians) / machine);
}

/** The spreads of a few blocks are estimates. */
const CAUTION = 3;

/** Returns the median distance of the values from the median of their side. */
function spreadOf(sides: readonly (readonly number[])[]): number {
  const distances = sides.flatMap((values) => {
    const middle = percentile(sortNumbers(values), 0.5);
    return values.map((value) => Math.abs(value - middle));
  });
  return percentile(sortNumbers(distances), 0.5);
}

/**
 * Half of the tolerance is certain, and the whole of it likely: else a change of exactly the
 * tolerance would be found in every second measurement only.
 */
function changeOf({ estimate, low, high }: Shift, tolerance: number): Change {
  const limit = Math.log(1 + tolerance);
  const certain = Math.log(1 + tolerance / 2);
  if (estimate >= limit && low > certain) return "slower";
  if (estimate <= -limit && high < -certain) return "faster";
  return low > -limit * 2 && high < limit * 2 ? "same" : "unclear";
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
