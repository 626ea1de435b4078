import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BenchComparison,
  type Change,
  type ComparisonOptions,
  compareResults,
  errorOfLook,
} from "../../../src/cli/bench/comparison/comparison.ts";
import { comparisonNotes, findingsOf } from "../../../src/cli/bench/document.ts";
import { impreciseEndpoints } from "../../../src/cli/bench/comparison/extension.ts";
import type { BenchResult } from "../../../src/cli/bench/result.ts";
import { shiftBetween, shiftOfPairs } from "../../../src/cli/bench/comparison/shift.ts";
import { Random } from "../../random.ts";
import { benchResult } from "./result-fixture.ts";

/** How the blocks of a run are made up. */
interface Conditions {
  /** The duration without noise, in milliseconds. */
  readonly ms: number;
  /** The standard deviation of the medians of the blocks. */
  readonly noise: number;
  /** How much slower the machine is; 1: as usual. */
  readonly machine: number;
  /** The standard deviation of the fixed calculation. */
  readonly machineNoise: number;
  /** Whether the endpoint computes, so that a slower machine makes it slower. */
  readonly computes: boolean;
  readonly blocks: number;
  /** Share of the time in which the app has no CPU; undefined: it does not report its thread. */
  readonly delay: number | undefined;
  /** The same of the sender of the requests. */
  readonly senderDelay: number;
  /** CPU time of a request. */
  readonly cpuMs: number;
}

const QUIET: Conditions = {
  ...{ ms: 10, noise: 0.02, machine: 1, machineNoise: 0.02, computes: true, blocks: 10 },
  ...{ delay: undefined, senderDelay: 0.02, cpuMs: 9 },
};

const OPTIONS: ComparisonOptions = { tolerance: 0.1, looks: 3, isOneRun: false };

/** A machine on which an app that computes has no CPU in three quarters of the time. */
const BUSY: Partial<Conditions> = { delay: 0.75, noise: 0.02 };

const RUNS = 20;

interface Row {
  readonly title: string;
  readonly before?: Partial<Conditions>;
  readonly after: Partial<Conditions>;
  readonly expected: Readonly<Partial<Record<Change, readonly [from: number, to: number]>>>;
  /** In how many runs requests take more CPU time. */
  readonly moreCpuTime?: number;
}

const rows: readonly Row[] = [
  { title: "no change", after: {}, expected: { same: [RUNS, RUNS] } },
  { title: "a slowdown of 20%", after: { ms: 12 }, expected: { slower: [RUNS, RUNS] } },
  { title: "an improvement of 20%", after: { ms: 8 }, expected: { faster: [RUNS, RUNS] } },
  {
    title: "a change of 5%, below the tolerance",
    after: { ms: 10.5 },
    expected: { slower: [0, 0] },
  },
  {
    title: "no change on a noisy machine",
    before: { noise: 0.4, machineNoise: 0.4 },
    after: { noise: 0.4, machineNoise: 0.4 },
    expected: { slower: [0, 0], unclear: [15, RUNS] },
  },
  {
    title: "no change of an app that computes, on a machine that is slower by 40%",
    after: { machine: 1.4 },
    expected: { slower: [0, 0] },
  },
  {
    title: "no change of an app that waits, on a machine that is slower by 40%",
    before: { computes: false, noise: 0.005 },
    after: { computes: false, noise: 0.005, machine: 1.4, machineNoise: 0.2 },
    expected: { slower: [0, 0], faster: [0, 0] },
  },
  {
    title: "a slowdown of 20% of an app that waits, while the calculation varies by a third",
    before: { computes: false, noise: 0.005, machineNoise: 0.3 },
    after: { computes: false, noise: 0.005, machineNoise: 0.3, ms: 12 },
    expected: { slower: [RUNS, RUNS] },
  },
  {
    title: "no change while other processes have most of the CPU",
    ...{ before: BUSY, after: BUSY, expected: { same: [RUNS, RUNS] } },
    moreCpuTime: 0,
  },
  {
    title: "no change on a machine that was quiet and is busy now",
    ...{ before: { delay: 0.01 }, after: BUSY, expected: { same: [RUNS, RUNS] } },
    moreCpuTime: 0,
  },
  {
    title: "no change on a machine that was busy and is quiet now",
    ...{ before: BUSY, after: { delay: 0.01 }, expected: { same: [RUNS, RUNS] } },
    moreCpuTime: 0,
  },
  {
    title: "a slowdown of 20% while other processes have most of the CPU",
    before: BUSY,
    after: { ...BUSY, ms: 12, cpuMs: 10.8 },
    expected: { slower: [RUNS, RUNS] },
    moreCpuTime: RUNS,
  },
  {
    title: "no change of an app whose sender had no CPU for a third of the time, now",
    before: BUSY,
    after: { ...BUSY, ms: 14, senderDelay: 0.33 },
    expected: { slower: [0, 0], faster: [0, 0] },
    moreCpuTime: 0,
  },
  {
    title: "no change of an app whose sender had no CPU for a third of the time, before",
    before: { ...BUSY, ms: 14, senderDelay: 0.33 },
    after: BUSY,
    expected: { slower: [0, 0], faster: [0, 0] },
    moreCpuTime: 0,
  },
  {
    title: "more CPU time, although the durations are far too noisy",
    before: { ...BUSY, noise: 0.5 },
    after: { ...BUSY, noise: 0.5, ms: 12, cpuMs: 10.8 },
    expected: { faster: [0, 0], unclear: [RUNS - 3, RUNS] },
    moreCpuTime: RUNS,
  },
  {
    title: "20% more CPU time of an app that waits, which makes no difference",
    before: { delay: 0.01, cpuMs: 0.4 },
    after: { delay: 0.01, cpuMs: 0.48 },
    expected: { same: [RUNS, RUNS] },
    moreCpuTime: 0,
  },
  {
    title: "no change of the CPU time on a machine that is slower by 40%",
    before: { delay: 0.01 },
    after: { delay: 0.01, machine: 1.4 },
    expected: { slower: [0, 0] },
    moreCpuTime: 0,
  },
  {
    title: "a slowdown of 100% in too few blocks",
    after: { ms: 20, blocks: 3 },
    expected: { unclear: [RUNS, RUNS] },
  },
  {
    title: "a difference of 0.02 ms",
    before: { ms: 0.05 },
    after: { ms: 0.07 },
    expected: { same: [RUNS, RUNS] },
  },
];

describe("The comparison of a result with a baseline", () => {
  for (const { title, before, after, expected, moreCpuTime } of rows)
    it(`finds in ${RUNS} runs: ${title}`, () => {
      const compared = Array.from({ length: RUNS }, (_, seed) => {
        const random = new Random(seed + 1);
        const [old, now] = [sample(random, before), sample(random, after)];
        return compareResults(old, now, OPTIONS).endpoints[0];
      });
      const changes = compared.map((one) => one?.change);
      if (moreCpuTime !== undefined)
        assert.equal(compared.filter((one) => one?.cpuTime?.isMore).length, moreCpuTime);
      for (const [change, [from, to]] of Object.entries(expected)) {
        const count = changes.filter((one) => one === change).length;
        assert.ok(count >= from && count <= to, `${change}: ${changes.join(", ")}`);
      }
    });

  it("reports a machine that has changed, and an endpoint that is new", () => {
    const [before, after] = [sample(new Random(1)), sample(new Random(2), { machine: 1.5 })];
    const renamed = {
      ...after,
      endpoints: after.endpoints.map((one) => ({ ...one, name: "GET /b" })),
    };
    const comparison = compareResults(
      { ...before, machine: { ...before.machine, cpu: "Z80" } },
      renamed,
      OPTIONS,
    );
    assert.deepEqual(comparison.endpoints, []);
    const [cpu = "", machine = "", added = ""] = comparisonNotes(comparison);
    assert.match(cpu, /^CPU: Z80 before, /);
    assert.match(machine, /^a fixed calculation takes \+\d\d% time now/);
    assert.equal(added, "not in the baseline: GET /b");
  });

  it("finds more queries, whatever the durations are", () => {
    const rows = [
      [3, 3, 0],
      [3, 3.5, 0],
      [3, 4, 1],
      [100, 105, 0],
      [100, 111, 1],
      [5, 1, 0],
    ] as const;
    for (const [queries, now, found] of rows) {
      const [before, after] = [queries, now].map((count) =>
        benchResult([{ name: "GET /a", medians: [1, 1, 1, 1, 1, 1], queries: count }]),
      );
      assert.ok(before && after);
      const comparison = compareResults(before, after, OPTIONS);
      assert.equal(findingsOf(after, comparison).length, found, `${queries} → ${now}`);
    }
  });
});

interface RecordedRun {
  readonly slowdown: number;
  readonly blocks: readonly (readonly [
    name: string,
    blocks: readonly (readonly [median: number, machineMs: number])[],
  ])[];
}

/*
 * Written by `bench/command.ts` on a machine with 2 cores, on which 20 to 28 processes were
 * ready to run: the first run is the baseline, then those without a change and those of an app
 * that is slower by 20% alternate.
 */
describe("The comparison of runs that were recorded on a machine with far too much work", () => {
  const file = join(import.meta.dirname, "fixtures", "busy-machine.json");
  const [baseline, ...runs] = JSON.parse(readFileSync(file, "utf8")) as readonly RecordedRun[];
  assert.ok(baseline && runs.length >= 12);

  function changesOf(run: RecordedRun): readonly Change[] {
    const [before, after] = [baseline ?? run, run].map(({ blocks }) =>
      benchResult(
        blocks.map(([name, own]) => ({
          name,
          medians: own.map(([median]) => median),
          machines: own.map(([, machineMs]) => machineMs),
        })),
      ),
    );
    assert.ok(before && after);
    return compareResults(before, after, OPTIONS).endpoints.map(({ change }) => change);
  }

  it("finds no slowdown where there is none", () => {
    for (const run of runs.filter(({ slowdown }) => slowdown === 1))
      assert.ok(!changesOf(run).includes("slower"));
  });

  it("finds the slowdown of an endpoint that waits, or reports that it is unclear", () => {
    const changes = runs.filter(({ slowdown }) => slowdown > 1).map((run) => changesOf(run)[0]);
    assert.ok(changes.includes("slower"), changes.join(", "));
    assert.ok(
      changes.every((change) => change === "slower" || change === "unclear"),
      changes.join(", "),
    );
  });
});

/** How the blocks of two apps that alternate in one run are made up. */
interface OneRun {
  readonly noise: number;
  /** How much slower the second app is. */
  readonly slowdown: number;
  /** The standard deviation of the steps of the machine from block to block. */
  readonly drift: number;
}

const MAX_BLOCKS = 40;

describe("The comparison of two apps in one run, with more blocks while it is unclear", () => {
  const rows: readonly (readonly [title: string, OneRun, Change])[] = [
    ["no change", { noise: 0.05, slowdown: 1, drift: 0.05 }, "same"],
    ["a slowdown of 20%", { noise: 0.05, slowdown: 1.2, drift: 0.05 }, "slower"],
    ["an improvement of 20%", { noise: 0.05, slowdown: 0.8, drift: 0.05 }, "faster"],
    ["no change, with noise of 10%", { noise: 0.1, slowdown: 1, drift: 0.2 }, "same"],
    ["a slowdown of 20%, with noise of 8%", { noise: 0.08, slowdown: 1.2, drift: 0.2 }, "slower"],
  ];
  for (const [title, run, expected] of rows)
    it(`finds in ${RUNS} runs, while the machine changes: ${title}`, () => {
      const changes = Array.from({ length: RUNS }, (_, seed) =>
        lastComparison(new Random(seed + 1), run),
      ).map(({ endpoints }) => endpoints[0]?.change);
      assert.deepEqual(
        changes,
        changes.map(() => expected),
      );
    });

  it("is wrong in 1% of all cases at most, however often it looks", () => {
    const [cases, looks] = [200, [10, 20]];
    const wrong = Array.from({ length: cases }, (_, seed) => {
      const random = new Random(seed + 1);
      const values = Array.from({ length: MAX_BLOCKS }, () => normal(random));
      const others = Array.from({ length: MAX_BLOCKS }, () => normal(random));
      return looks.some((count) => {
        const sides = [values.slice(0, count), others.slice(0, count)] as const;
        const pairs = sides[0].map((value, at) => value - (sides[1][at] ?? 0));
        const error = errorOfLook(looks.length);
        const shifts = [shiftBetween(...sides, error), shiftOfPairs(pairs, error)];
        return shifts.some(({ low, high }) => low > 0 || high < 0);
      });
    });
    // Of both tests together.
    const count = wrong.filter(Boolean).length;
    assert.ok(count <= cases * 0.02, String(count));
  });
});

describe("A baseline", () => {
  it("needs more blocks until the interval of its durations is a part of the tolerance", () => {
    const rows = [
      [{ noise: 0.005 }, []],
      [{ noise: 0.2 }, ["GET /a"]],
      [{ noise: 0.04, blocks: 10 }, ["GET /a"]],
      [{ noise: 0.04, blocks: 40 }, []],
      [{ noise: 0.005, blocks: 6 }, ["GET /a"]],
    ] as const;
    for (const [conditions, expected] of rows)
      assert.deepEqual(
        impreciseEndpoints(sample(new Random(1), conditions), OPTIONS),
        expected,
        JSON.stringify(conditions),
      );
  });
});

describe("The shift between two samples", () => {
  it("is the median of the differences, and the interval of a rank test", () => {
    const values = Array.from({ length: 10 }, (_, at) => at);
    const shift = shiftBetween(
      values,
      values.map((value) => value + 100),
      0.01,
    );
    // Of 100 differences, the test with 99% leaves out 15 at each end.
    assert.deepEqual(shift, { estimate: 100, low: 95, high: 105 });
  });

  it("has no limits in small samples", () => {
    assert.deepEqual(shiftBetween([1, 2, 3], [1, 2, 3], 0.01), {
      ...{ estimate: 0, low: -Infinity, high: Infinity },
    });
    assert.equal(shiftBetween([], [1], 0.01).low, -Infinity);
  });

  it("does not depend on outliers", () => {
    const quiet = [10, 10.1, 9.9, 10, 10.2, 9.8, 10, 10.1, 9.9, 10];
    const { low, high } = shiftBetween(quiet, [...quiet.slice(1), 1000], 0.01);
    assert.ok(low > -0.5 && high < 0.5, `${low} to ${high}`);
  });
});

describe("The shift of pairs", () => {
  // The smallest sums of signed ranks that a test with 1% rejects, of published tables.
  for (const [count, low] of [
    [7, -Infinity],
    [8, 1],
    [10, 2],
    [12, 3],
  ] as const)
    it(`has the interval of a rank test, of ${count} pairs`, () => {
      const differences = Array.from({ length: count }, (_, at) => 2 ** at);
      const means = differences
        .flatMap((one, at) => differences.slice(at).map((other) => (one + other) / 2))
        .toSorted((a, b) => a - b);
      const skipped = { 7: 0, 8: 1, 10: 4, 12: 8 }[count];
      const shift = shiftOfPairs(differences, 0.01);
      assert.equal(shift.low, skipped === 0 ? low : means[skipped - 1]);
      assert.equal(shift.high, skipped === 0 ? Infinity : means[means.length - skipped]);
    });
});

/** Returns the comparison after as many blocks as it takes. */
function lastComparison(random: Random, { noise, slowdown, drift }: OneRun): BenchComparison {
  let machine = 1;
  const blocks = Array.from({ length: MAX_BLOCKS }, () => {
    machine *= Math.exp(drift * normal(random));
    return [1, slowdown].map((factor) => 10 * factor * machine * Math.exp(noise * normal(random)));
  });
  const compareFirst = (count: number): BenchComparison => {
    const [before, after] = [0, 1].map((side) =>
      benchResult([
        { name: "GET /a", medians: blocks.slice(0, count).map((pair) => pair[side] ?? 0) },
      ]),
    );
    assert.ok(before && after);
    return compareResults(before, after, { ...OPTIONS, isOneRun: true });
  };
  const comparisons = [10, 20].map(compareFirst);
  const isClear = ({ endpoints }: BenchComparison): boolean => endpoints[0]?.change !== "unclear";
  return comparisons.find(isClear) ?? compareFirst(MAX_BLOCKS);
}

function sample(random: Random, given: Partial<Conditions> = {}): BenchResult {
  const conditions = { ...QUIET, ...given };
  const { ms, noise, machine, machineNoise, computes, blocks, delay, senderDelay, cpuMs } =
    conditions;
  const machines = Array.from(
    { length: blocks },
    () => machine * Math.exp(machineNoise * normal(random)),
  );
  const medians = machines.map(
    () => ms * (computes ? machine : 1) * Math.exp(noise * normal(random)),
  );
  if (delay === undefined) return benchResult([{ name: "GET /a", medians, machines }]);
  const threads = medians.map((undelayedMean) => ({
    ...{ undelayedMean, leastMean: Math.max(cpuMs, undelayedMean * (1 - senderDelay)) },
    ...{ delayShare: delay, cpuShare: Math.min(1, cpuMs / ms) },
    cpuMs: cpuMs * (computes ? machine : 1) * Math.exp(0.02 * normal(random)),
  }));
  // Of each request in progress, chance decides how long it has no CPU.
  const delayed = medians.map(
    (median) => (median / (1 - delay)) * Math.exp(delay * normal(random)),
  );
  return benchResult([{ name: "GET /a", medians: delayed, machines, threads }]);
}

/** Returns a value of the normal distribution (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
