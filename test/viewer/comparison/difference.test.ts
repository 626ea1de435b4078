import assert from "node:assert/strict";
import { durationChange } from "../../../src/viewer/comparison/difference.ts";
import { Random, testSeed } from "../../random.ts";

/** Durations of requests: log-normal with a heavy tail, as measured ones are. */
function durations(random: Random, count: number, median: number): number[] {
  return Array.from({ length: count }, () => {
    const normal =
      Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    return median * Math.exp(0.35 * normal) * (random.chance(0.02) ? 5 : 1);
  });
}

const seed = testSeed();

describe(`Durations (seed ${seed})`, () => {
  for (const count of [1, 2, 5, 8, 20, 50, 200]) {
    it(`of ${count} requests of one distribution seldom differ`, () => {
      const random = new Random(seed + count);
      const rounds = 1000;
      let found = 0;
      for (let round = 0; round < rounds; round++) {
        const sides = [durations(random, count, 30), durations(random, count, 30)] as const;
        if (durationChange(...sides) !== undefined) found++;
      }
      // One of two single requests is half as slow again by chance rather often.
      const limit = count === 1 ? 0.55 : count === 2 ? 0.26 : 0.04;
      assert.ok(found / rounds < limit, `${found} of ${rounds}`);
    });
  }

  for (const [count, factor] of [
    [5, 6],
    [20, 2],
    [50, 1.5],
    [200, 1.25],
  ] as const) {
    it(`of ${count} requests that take ${factor} times as long are slower`, () => {
      const random = new Random(seed + count);
      const rounds = 300;
      let found = 0;
      for (let round = 0; round < rounds; round++) {
        const before = durations(random, count, 30);
        const after = durations(random, count, 30 * factor);
        if (durationChange(before, after) === "slower") found++;
      }
      assert.ok(found / rounds > 0.8, `${found} of ${rounds}`);
    });
  }
});
