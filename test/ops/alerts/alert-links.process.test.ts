import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { linksOf } from "../../../src/ops/alerts/alert-links.ts";
import { commonAlerts } from "../../../src/ops/alerts/alerts.ts";
import { panelOf } from "../../../src/ops/grafana/alert-panel.ts";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";
import { renderRuleFile } from "../../../src/ops/prometheus/rule-file.ts";
import { programOrSkip } from "../../programs.ts";
import { withFolder } from "../generated-folder.ts";

const run = promisify(execFile);

const options = {
  ...defaultOptions,
  links: {
    grafana: "https://grafana.example",
    runbooks: "https://docs.example/runbooks",
    traces: "https://jaeger.example/search?service={service}&start={start}000&end={end}000",
    logs: "https://logs.example/?q=service:{service}",
    errors: "https://sentry.example/issues/?query=service:{service}",
  },
};

describe("links of alerts", () => {
  const alert = commonAlerts.find(({ name }) => name === "HighErrorRatio");

  it("lead to the panel of the service in the hour before, as Prometheus renders them", async function () {
    const promtool = programOrSkip(this, "promtool");
    assert.ok(alert !== undefined);
    const { uid, id } = panelOf(alert);
    const rule = {
      alert: "Linked",
      comment: [],
      expr: `label_replace(vector(1), "job", "prod/shop & co", "", "")`,
      labels: {},
      annotations: linksOf(alert, options),
    };
    const group = { name: "links", comment: [], interval: "1m", rules: [rule] };
    const expected = {
      runbook_url: "https://docs.example/runbooks/HighErrorRatio.md",
      dashboard_url: `https://grafana.example/d/${uid}?viewPanel=${id}&from=3600000&to=7500000&var-job=prod%2Fshop+%26+co`,
      traces_url:
        "https://jaeger.example/search?service=shop+%26+co&start=3600000000&end=7500000000",
      logs_url: "https://logs.example/?q=service:shop+%26+co",
      errors_url: "https://sentry.example/issues/?query=service:shop+%26+co",
    };
    const test = {
      rule_files: ["rules.yaml"],
      tests: [
        {
          interval: "1m",
          alert_rule_test: [
            {
              eval_time: "2h",
              alertname: "Linked",
              exp_alerts: [{ exp_labels: { job: "prod/shop & co" }, exp_annotations: expected }],
            },
          ],
        },
      ],
    };
    const files = [
      { path: "rules.yaml", text: renderRuleFile([], [group]) },
      { path: "test.yaml", text: stringify(test) },
    ];
    await withFolder(files, async (folder) => {
      await run(promtool, ["test", "rules", join(folder, "test.yaml")]);
    });
  });

  it("are left out without an address", () => {
    assert.ok(alert !== undefined);
    assert.deepEqual(linksOf(alert, defaultOptions), {});
  });
});
