import assert from "node:assert/strict";
import { expressionsOf, type GeneratedExpression } from "./generated-expressions.ts";
import { documentedSeries, withRecorded } from "./known-series.ts";
import { outputFolders, sloRules } from "./output-folders.ts";
import { problemsOf } from "./problems.ts";

const REQUESTS = "http_server_request_duration_seconds_count";
const up = "(up == 0)";

/** Expressions that are wrong, and the reported problem. */
const wrong: readonly (readonly [expr: string, problem: RegExp])[] = [
  [`sum(rate(${REQUESTS}[5m])`, /no PromQL/],
  [`rate(${REQUESTS}[$window])`, /no PromQL/],
  ["1 + 1", /it selects nothing/],
  [
    "rate(http_server_duration_seconds_count[5m])",
    /there is no metric http_server_duration_seconds_count/,
  ],
  [`${REQUESTS}{status="500"}`, /has no label status/],
  [`sum by (route) (rate(${REQUESTS}[5m]))`, /the label route/],
  [`sum by (http_route) (sum by (job) (rate(${REQUESTS}[5m])))`, /the label http_route/],
  [
    `sum by (job) (${up}) / on (http_route) sum by (http_route) (${REQUESTS})`,
    / the label http_route/,
  ],
  [`${up} * on (job) group_left (service_version) ${REQUESTS}`, /the label service_version/],
  ['{job="shop"}', /has no name/],
  [`${REQUESTS}{le="1"}`, /has no label le/],
];

/** Expressions that are right. */
const right: readonly string[] = [
  `sum without (http_route) (rate(${REQUESTS}{job=~"shop",http_response_status_code=~"5.."}[5m]))`,
  'histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{le="1"}[5m])))',
  "process_memory_usage_bytes * on (job, instance) group_left (service_version) target_info",
  `topk by (job) (5, sum by (job, http_route) (rate(${REQUESTS}[5m])))`,
  'count by (version) (label_replace(target_info, "version", "$1", "service_version", "(.*)"))',
  'topk(10, count by (job, __name__) ({__name__=~".+",job!=""}))',
  "(vector(1)) > 0",
  `max_over_time(sum by (job) (rate(${REQUESTS}[5m]))[1h:1m])`,
];

describe("An expression", () => {
  const known = documentedSeries();

  for (const [expr, problem] of wrong) {
    it(`is wrong: ${expr}`, () => assert.match(problemsOf(made(expr), known).join("\n"), problem));
  }

  for (const expr of right) {
    it(`is right: ${expr}`, () => assert.deepEqual(problemsOf(made(expr), known), []));
  }

  it("may use labels of recorded series, in any order of the rules", () => {
    const rules = [
      { ...made("shop:b * 2"), name: "shop:a" },
      { ...made(`sum by (job) (${REQUESTS})`), name: "shop:b", labels: { team: "sales" } },
    ].map((rule) => ({ ...rule, use: "record" as const }));
    const all = withRecorded(known, rules);
    assert.deepEqual([...all.get("shop:a")!].toSorted(), ["job", "team"]);
    assert.deepEqual(problemsOf(made('sum by (job) (shop:a{team="sales"})'), all), []);
    assert.match(problemsOf(made("shop:a{http_route='/'}"), all).join(), /no label http_route/);
  });
});

describe("Every expression of", () => {
  for (const { title, files } of outputFolders()) {
    it(`${title} is PromQL with names and labels of docs/metrics.md`, () => {
      const expressions = expressionsOf(files);
      assert.ok(expressions.length > 3, `${expressions.length} expressions`);
      // Dashboards show objectives, whose rules may come from another command.
      const objectives = expressionsOf(sloRules());
      const known = withRecorded(documentedSeries(), [...objectives, ...expressions]);
      const problems = expressions.flatMap((expression) => problemsOf(expression, known));
      assert.equal(problems.join("\n"), "");
    });
  }
});

function made(expr: string): GeneratedExpression {
  return { file: "made", name: "made", use: "panel", expr, labels: {} };
}
