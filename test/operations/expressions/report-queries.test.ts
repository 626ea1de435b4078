import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { collectReport } from "../../../src/cli/report/collection.ts";
import { periodsOf } from "../../../src/cli/report/period.ts";
import { PrometheusApi } from "../../../src/cli/prometheus/prometheus-api.ts";
import type { Objective } from "../../../src/ops/slo/objective.ts";
import { sloRuleGroups } from "../../../src/ops/slo/rules.ts";
import type { GeneratedExpression } from "./generated-expressions.ts";
import { documentedSeries, withRecorded } from "./known-series.ts";
import { problemsOf } from "./problems.ts";

const objective: Objective = {
  ...{
    service: "shop",
    name: "requests-availability",
    percent: 99.9,
    periodDays: 30,
    minEvents: 20,
  },
  indicator: { kind: "availability", selection: { routes: [], byRoute: true } },
};

describe("Every query of a report", () => {
  it("is PromQL with names and labels of docs/metrics.md and of telltale slo", async () => {
    const queries = await reportQueries();
    assert.ok(queries.length > 15, `${queries.length} queries`);
    const rules = sloRuleGroups(objective).flatMap((group) => group.rules);
    const recorded = rules.flatMap((rule): GeneratedExpression[] =>
      "record" in rule
        ? [{ file: "slo", name: rule.record, use: "record", expr: rule.expr, labels: rule.labels }]
        : [],
    );
    const known = withRecorded(documentedSeries(), recorded);
    const problems = queries.flatMap((expr) =>
      problemsOf({ file: "report", name: "query", use: "panel", expr, labels: {} }, known),
    );
    assert.equal(problems.join("\n"), "");
    const series = [...known.keys()].filter((name) =>
      queries.some((query) => query.includes(name)),
    );
    for (const name of ["ALERTS", "target_info", "telltale_deployment_time_seconds"])
      assert.ok(series.includes(name), name);
  });
});

/** Returns the queries that a report sends, each once. */
async function reportQueries(): Promise<readonly string[]> {
  const queries = new Set<string>();
  const server = createServer((request, response) => {
    void text(request).then((form) => {
      queries.add(new URLSearchParams(form).get("query") ?? "");
      const result = [{ metric: { job: "shop" }, values: [[0, "1"]] }];
      response.end(JSON.stringify({ status: "success", data: { result } }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const now = new Date("2026-03-16T00:00:00Z");
  const periods = periodsOf("weekly", { end: now, now, timeZone: "UTC" });
  const api = new PrometheusApi({ url: `http://127.0.0.1:${port}`, headers: {} }, 60_000);
  await collectReport(api, { kind: "weekly", periods, services: [] });
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  return [...queries];
}
