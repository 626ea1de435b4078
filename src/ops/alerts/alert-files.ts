import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { renderRuleFile, type RuleGroup } from "../prometheus/rule-file.ts";
import type { Alert } from "./alert.ts";
import { alertRule } from "./alert-rule.ts";
import { alertsOf } from "./alerts.ts";

/** Time between evaluations. The tests count in it. */
const INTERVAL = "1m";

/** Returns `prometheus/alerts.yaml`, and `prometheus/alerts-calendar.yaml` with those whose tests need days. */
export function alertFiles(options: OpsOptions): readonly OutputFile[] {
  const alerts = alertsOf(options);
  const calendar = alerts.filter(({ dependsOnCalendar }) => dependsOnCalendar === true);
  const others = alerts.filter((alert) => !calendar.includes(alert));
  return [
    {
      path: "prometheus/alerts.yaml",
      text: renderRuleFile([EXPLANATION], groupsOf(others, "telltale", options)),
    },
    {
      path: "prometheus/alerts-calendar.yaml",
      text: renderRuleFile(
        [
          "Alerts that compare weeks or fire at a time of the day, in a file of their own: their tests",
          `need days of data. ${EXPLANATION}`,
        ],
        groupsOf(calendar, "telltale-calendar", options),
      ),
    },
  ];
}

const EXPLANATION = "telltale ops --explain NAME explains an alert.";

function groupsOf(
  alerts: readonly Alert[],
  prefix: string,
  options: OpsOptions,
): readonly RuleGroup[] {
  const subjects = [...new Set(alerts.map(({ subject }) => subject))];
  return subjects.map((subject) => ({
    name: `${prefix}-${subject}`,
    comment: [],
    interval: INTERVAL,
    rules: alerts
      .filter((alert) => alert.subject === subject)
      .map((alert) => alertRule(alert, options)),
  }));
}
