import assert from "node:assert/strict";
import { parseExpression } from "./promql-tree.ts";

/** Expressions, and the side that is compared if each is one comparison with a number. */
const ROWS: readonly (readonly [expr: string, condition: string | undefined])[] = [
  ["up == 0", "up"],
  ["predict_linear(free_bytes[6h], 86400) < 0", "predict_linear(free_bytes[6h], 86400)"],
  ["(a / b) > 0.9 * 2", "(a / b)"],
  ["up", undefined],
  ["a - b", undefined],
  ["a > bool 0", undefined],
  ["a > b", undefined],
  ["a / (b > 0)", undefined],
  ["sum by (job) (a > 0)", undefined],
  ["a > 0 and b", undefined],
  ["0 < a", undefined],
];

describe("The condition of an expression", () => {
  for (const [expr, condition] of ROWS) {
    it(`is ${condition ?? "none"}: ${expr}`, () => {
      assert.equal(parseExpression(expr).condition, condition);
    });
  }
});
