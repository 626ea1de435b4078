import assert from "node:assert/strict";
import { changesOf } from "../../ops/mutation/expression-changes.ts";
import { expressionsOf } from "./generated-expressions.ts";
import { documentedSeries, withRecorded } from "./known-series.ts";
import { outputFolders } from "./output-folders.ts";
import { problemsOf } from "./problems.ts";

describe("A renamed metric is noticed in each expression of", () => {
  for (const { title, files } of outputFolders()) {
    it(title, () => {
      const expressions = expressionsOf(files);
      const known = withRecorded(documentedSeries(), expressions);
      const renamed = expressions.flatMap((expression) =>
        changesOf(expression.expr)
          .filter((change) => change.title.startsWith("rename "))
          .map(({ expr }) => ({ ...expression, expr })),
      );
      assert.ok(renamed.length >= expressions.length / 2, `${renamed.length} changes`);
      const unnoticed = renamed.filter((expression) => problemsOf(expression, known).length === 0);
      assert.deepEqual(unnoticed, []);
    });
  }
});
