import { PrefetchQueue } from "../prefetch-queue.ts";
import { assertions } from "./assertions.ts";
import { combinations } from "./combinations.ts";
import { type Combination, type MatrixRun, runCombination } from "./run.ts";

describe("A service without telemetry code", () => {
  const runs = new PrefetchQueue<Combination, MatrixRun>(combinations, runCombination);
  after(() => runs.drain());

  for (const combination of combinations) {
    describe(`with ${combination.title}`, () => {
      let result: MatrixRun;
      before(async () => {
        result = await runs.get(combination);
      });

      for (const { title, check } of assertions) it(title, () => check(result));
    });
  }
});
