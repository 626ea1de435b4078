import assert from "node:assert/strict";
import { parser as logql } from "@grafana/lezer-logql";
import type { SyntaxNode } from "@lezer/common";
import { parser as promql } from "@prometheus-io/lezer-promql";
import type { Panel } from "../../../src/ops/grafana/dashboard.ts";
import { dashboardsOf } from "../../../src/ops/grafana/dashboards.ts";
import { allMetrics, sampleNamesOf } from "../../collector/contract/rows.ts";
import { optionRows } from "./options.ts";

/*
 * Names of metrics and labels are checked in test/operations/expressions, with those of rules.
 */

/** Grafana's variables of time, as durations that nothing else has. */
const RATE_INTERVAL = "7m";
const RANGE = "7h";

/** Samples that only grow: their value is of no use without a rate. */
const counters = new Set(
  allMetrics
    .filter(({ kind }) => kind === "counter" || kind === "histogram")
    .flatMap(sampleNamesOf),
);

/** Functions that take a counter. */
const RATES = ["rate", "increase"];

for (const { title, options } of optionRows) {
  describe(`expressions of dashboards, with ${title}`, () => {
    for (const dashboard of dashboardsOf(options)) {
      for (const panel of dashboard.rows.flatMap(({ panels }) => panels)) {
        it(`have the right windows, and rates of counters, in ${dashboard.title}/${panel.title}`, () => {
          for (const { source, expr } of panel.queries)
            if (source === "prometheus") assert.deepEqual(problemsOf(expr, panel), []);
        });
      }
    }
  });
}

describe("expressions of lines", () => {
  const { options } = optionRows[0] ?? assert.fail();
  const panels = dashboardsOf(options).flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
  const queries = panels.flatMap(({ queries }) =>
    queries.filter(({ source }) => source === "logs"),
  );

  it("exist", () => assert.ok(queries.length > 4));

  for (const { expr } of queries) {
    it(`are LogQL: ${expr}`, () => {
      const text = expr.replaceAll(/\$__(?:auto|range)/g, "5m");
      assert.deepEqual(errorsIn(logql.parse(text).topNode, text), []);
    });
  }
});

describe("the check of expressions", () => {
  const panel = { view: "timeseries" } as const;
  const REQUESTS = "http_server_request_duration_seconds_count";

  for (const [expr, problem] of [
    [`rate(${REQUESTS}[5m])`, /window 5m/],
    [`rate(${REQUESTS}[$__range])`, /window 7h/],
    [`sum(${REQUESTS})`, /without a rate/],
    [`rate(process_uptime_seconds[$__rate_interval])`, /no counter/],
    [`rate(${REQUESTS}[$__rate_interval]`, /no PromQL/],
    [`http_server_active_requests or vector(0)`, /vector\(0\)/],
  ] as const) {
    it(`finds what is wrong in ${expr}`, () => {
      assert.match(problemsOf(expr, panel).join(), problem);
    });
  }
});

/** Returns what is wrong with an expression, by the rules of dashboard-linter and ours. */
function problemsOf(expr: string, { view, alert }: Pick<Panel, "view" | "alert">): string[] {
  const text = expr.replaceAll("$__rate_interval", RATE_INTERVAL).replaceAll(/\$__range\b/g, RANGE);
  const top = promql.parse(text).topNode;
  const errors = errorsIn(top, text).map((error) => `no PromQL: ${error}`);
  // Its expression is that of the rule, with its window.
  if (alert !== undefined) return errors;
  const windows = view === "timeseries" ? [RATE_INTERVAL] : [RATE_INTERVAL, RANGE];
  const textOf = ({ from, to }: SyntaxNode): string => text.slice(from, to);
  const problems = nodesOf(top).flatMap((node) => {
    if (node.name === "MatrixSelector") return windowProblems(textOf(node), windows);
    if (node.name !== "VectorSelector") return [];
    const name = textOf(node.getChild("Identifier") ?? node);
    const rate = rateAround(node, textOf);
    if (counters.has(name) && rate === undefined && !isNewSeries(node, text))
      return [`${name} is a counter without a rate`];
    if (rate !== undefined && !counters.has(name) && !/^otelcol_|_total$/.test(name))
      return [`${rate} of ${name}, which is no counter`];
    return [];
  });
  // It would hide that a service is down. `zeroWhere` asks for what is known.
  const zeros = /\bor\s+vector\(0\)/.test(text) ? ["or vector(0) hides what is not known"] : [];
  return [...errors, ...problems, ...zeros];
}

function windowProblems(selector: string, windows: readonly string[]): string[] {
  const window = /\[(.*)\]$/.exec(selector)?.[1] ?? "";
  return windows.includes(window) ? [] : [`the window ${window} in ${selector}`];
}

/** Returns the function of a rate that takes the selector. */
function rateAround(node: SyntaxNode, textOf: (node: SyntaxNode) => string): string | undefined {
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    if (parent.name !== "FunctionCall") continue;
    const name = textOf(parent.getChild("FunctionIdentifier") ?? parent);
    return RATES.includes(name) ? name : undefined;
  }
  return undefined;
}

/** Whether the selector is one of `x unless x offset`: the first sample of a new series. */
function isNewSeries(node: SyntaxNode, text: string): boolean {
  const { parent } = node;
  return (
    parent?.name === "BinaryExpr" && /^[^]* unless [^]*$/.test(text.slice(parent.from, parent.to))
  );
}

function errorsIn(top: SyntaxNode, text: string): string[] {
  const errors = nodesOf(top).filter(({ type }) => type.isError);
  return errors.map(({ from, to }) => `${JSON.stringify(text.slice(from, to))} at ${from}`);
}

function nodesOf(top: SyntaxNode): readonly SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  top.cursor().iterate((node) => void nodes.push(node.node));
  return nodes;
}
