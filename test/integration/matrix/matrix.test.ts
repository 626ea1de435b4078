import { InPairs } from "../in-pairs.ts";
import { assertions } from "./assertions.ts";
import { combinations } from "./combinations.ts";
import { type Combination, type Run, run } from "./run.ts";

describe("A service that knows nothing of telemetry", () => {
  const runs = new InPairs<Combination, Run>(combinations, run);
  after(() => runs.settle());

  for (const combination of combinations) {
    describe(`with ${combination.title}`, () => {
      let left: Run;
      before(async () => {
        left = await runs.get(combination);
      });

      for (const { title, check } of assertions) it(title, () => check(left));
    });
  }
});
