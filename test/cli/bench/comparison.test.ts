import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Change, compareResults } from "../../../src/cli/bench/comparison.ts";
import { comparisonNotes, findingsOf } from "../../../src/cli/bench/document.ts";
import { shiftBetween } from "../../../src/cli/bench/shift.ts";
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
}

const QUIET: Conditions = {
  ...{ ms: 10, noise: 0.02, machine: 1, machineNoise: 0.02, computes: true, blocks: 10 },
};

const RUNS = 20;

interface Row {
  readonly title: string;
  readonly before?: Partial<Conditions>;
  readonly after: Partial<Conditions>;
  readonly expected: Readonly<Partial<Record<Change, readonly [from: number, to: number]>>>;
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
  for (const { title, before, after, expected } of rows)
    it(`finds in ${RUNS} runs: ${title}`, () => {
      const changes = Array.from({ length: RUNS }, (_, seed) => {
        const random = new Random(seed + 1);
        const [old, now] = [sample(random, before), sample(random, after)];
        return compareResults(old, now, 0.1).endpoints[0]?.change;
      });
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
      0.1,
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
      const comparison = compareResults(before, after, 0.1);
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
    return compareResults(before, after, 0.1).endpoints.map(({ change }) => change);
  }

  it("finds no slowdown where there is none", () => {
    for (const run of runs.filter(({ slowdown }) => slowdown === 1))
      assert.ok(!changesOf(run).includes("slower"));
  });

  it("finds the slowdown of an endpoint that waits, or reports that it is unclear", () => {
    const changes = runs.filter(({ slowdown }) => slowdown > 1).map((run) => changesOf(run)[0]);
    assert.ok(changes.filter((change) => change === "slower").length >= 3, changes.join(", "));
    assert.ok(
      changes.every((change) => change === "slower" || change === "unclear"),
      changes.join(", "),
    );
  });
});

describe("The shift between two samples", () => {
  it("is the median of the differences, and the interval of a rank test", () => {
    const values = Array.from({ length: 10 }, (_, at) => at);
    const shift = shiftBetween(
      values,
      values.map((value) => value + 100),
    );
    // Of 100 differences, the test with 99% leaves out 15 at each end.
    assert.deepEqual(shift, { estimate: 100, low: 95, high: 105 });
  });

  it("has no limits in small samples", () => {
    assert.deepEqual(shiftBetween([1, 2, 3], [1, 2, 3]), {
      ...{ estimate: 0, low: -Infinity, high: Infinity },
    });
    assert.equal(shiftBetween([], [1]).low, -Infinity);
  });

  it("does not depend on outliers", () => {
    const quiet = [10, 10.1, 9.9, 10, 10.2, 9.8, 10, 10.1, 9.9, 10];
    const { low, high } = shiftBetween(quiet, [...quiet.slice(1), 1000]);
    assert.ok(low > -0.5 && high < 0.5, `${low} to ${high}`);
  });
});

function sample(random: Random, given: Partial<Conditions> = {}): ReturnType<typeof benchResult> {
  const { ms, noise, machine, machineNoise, computes, blocks } = { ...QUIET, ...given };
  const machines = Array.from(
    { length: blocks },
    () => machine * Math.exp(machineNoise * normal(random)),
  );
  const medians = machines.map(
    () => ms * (computes ? machine : 1) * Math.exp(noise * normal(random)),
  );
  return benchResult([{ name: "GET /a", medians, machines }]);
}

/** Returns a value of the normal distribution (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
