import assert from "node:assert/strict";
import { metricNamesIn } from "../../../src/ops/references/query-names.ts";

/** Queries, and the names of the metrics in them. */
const ROWS: readonly (readonly [query: string, names: readonly string[]])[] = [
  ["up", ["up"]],
  ["", []],
  ["1 + 2e5", []],
  ["sum(rate(http_requests_total[5m]))", ["http_requests_total"]],
  ['a_total{b="c", d=~"e|f"} / b_total', ["a_total", "b_total"]],
  ['a{b="} c {"} > 0.5', ["a"]],
  [
    "sum by (job, route) (rate(a[5m:1m])) / on (job) group_left (x) sum without(pod) (b)",
    ["a", "b"],
  ],
  ["a and b or c unless d > bool 5", ["a", "b", "c", "d"]],
  ["job:errors:ratio5m offset 5m", ["job:errors:ratio5m"]],
  ["a @ end() - a offset -1d", ["a"]],
  ['label_replace(a, "b", "$1", "c", "(d)")', ["a"]],
  ["histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m]))) > Inf", ["a_bucket"]],
  ['{__name__="a"}', []],
];

describe("The names of metrics in a query", () => {
  for (const [query, names] of ROWS) {
    it(`are ${names.join(", ") || "none"}: ${query}`, () => {
      assert.deepEqual(metricNamesIn(query), names);
    });
  }
});
