import assert from "node:assert/strict";
import { type CpuProfile, trimProfile } from "../../src/profiling/trim.ts";

/** Samples at 110, 120, 130 and 140. */
function profile(): CpuProfile {
  return {
    nodes: [
      { id: 1, hitCount: 3 },
      { id: 2, hitCount: 1 },
    ],
    startTime: 100,
    endTime: 150,
    samples: [1, 1, 2, 1],
    timeDeltas: [10, 10, 10, 10],
  };
}

interface TrimRow {
  readonly from: number;
  readonly to: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly hits: readonly number[];
}

const ROWS: readonly TrimRow[] = [
  { from: 100, to: 150, samples: [1, 1, 2, 1], timeDeltas: [10, 10, 10, 10], hits: [3, 1] },
  { from: 115, to: 135, samples: [1, 2], timeDeltas: [5, 10], hits: [1, 1] },
  { from: 145, to: 149, samples: [], timeDeltas: [], hits: [0, 0] },
  { from: 101, to: 105, samples: [], timeDeltas: [], hits: [0, 0] },
  { from: 121, to: 129, samples: [], timeDeltas: [], hits: [0, 0] },
];

describe("A trimmed profile", () => {
  for (const { from, to, samples, timeDeltas, hits } of ROWS) {
    it(`has the samples from ${from} to ${to}`, () => {
      const trimmed = profile();
      trimProfile(trimmed, from, to);
      assert.deepEqual(trimmed.samples, samples);
      assert.deepEqual(trimmed.timeDeltas, timeDeltas);
      assert.deepEqual(
        trimmed.nodes.map(({ hitCount }) => hitCount),
        hits,
      );
      assert.deepEqual([trimmed.startTime, trimmed.endTime], [from, to]);
    });
  }

  it("is the whole one where V8 has another clock", () => {
    const trimmed = profile();
    trimProfile(trimmed, 5, 90);
    assert.deepEqual(trimmed, profile());
  });
});
