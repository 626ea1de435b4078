import { stringify } from "yaml";
import type { Alert } from "../alerts/alert.ts";
import { contextOf } from "../alerts/alert-context.ts";
import { teamOfJob } from "../alerts/alert-team.ts";
import { alertsOf } from "../alerts/alerts.ts";
import type { Scenario, Series } from "../alerts/scenario.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { selector } from "../prometheus/promql.ts";
import { minutesOf } from "../prometheus/duration.ts";
import type { Pairs } from "../prometheus/rule-file.ts";

const HEADER = `# Proves that each alert fires, with the labels and after the time that it should, and that
# it is silent just below its threshold, with too few events and without traffic:
#
#   promtool test rules *.yaml
`;

/** Returns the tests of both files of alerts, for `promtool test rules`. */
export function alertTestFiles(options: OpsOptions): readonly OutputFile[] {
  const alerts = alertsOf(options);
  const calendar = alerts.filter(({ dependsOnCalendar }) => dependsOnCalendar === true);
  const others = alerts.filter((alert) => !calendar.includes(alert));
  return [
    testFile("alerts", others, 1, options),
    // A week of evaluations each minute would take minutes.
    testFile("alerts-calendar", calendar, 5, options),
  ];
}

/** @param step minutes between evaluations. */
function testFile(
  name: string,
  alerts: readonly Alert[],
  step: number,
  options: OpsOptions,
): OutputFile {
  const head = stringify({
    rule_files: [`../prometheus/${name}.yaml`],
    evaluation_interval: `${step}m`,
  });
  const tests = alerts.flatMap((alert) => testsOf(alert, step, options));
  return { path: `tests/${name}.yaml`, text: `${HEADER}${head}tests:\n${tests.join("")}` };
}

/** A test of promtool. */
interface RuleTest {
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly promql_expr_test: readonly ExpressionTest[];
}

interface ExpressionTest {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

function testsOf(alert: Alert, step: number, options: OpsOptions): string[] {
  const context = contextOf(alert, options);
  const { fires, silent, noTraffic } = alert.scenarios(context);
  return [
    ...fires.map((scenario) =>
      testText(alert, scenario, [
        firing(alert, scenario, options),
        ...pending(alert, scenario, Math.ceil(minutesOf(context.for) / step)),
      ]),
    ),
    ...[...silent, ...noTraffic].map((scenario) =>
      testText(alert, scenario, [never(alert, scenario)]),
    ),
  ];
}

/** Checks that exactly the expected alert fires at the end, with all of its labels. */
function firing(alert: Alert, scenario: Scenario, options: OpsOptions): ExpressionTest {
  const { severity } = contextOf(alert, options);
  const own = scenario.firing ?? {};
  const labels = {
    ...{ alertname: alert.name, alertstate: "firing", severity },
    ...serviceLabels(own["job"], options),
    ...alert.labels,
    ...options.alerts.get(alert.name)?.labels,
    ...own,
  };
  return {
    expr: `ALERTS{alertname="${alert.name}",alertstate="firing"}`,
    eval_time: `${scenario.minutes}m`,
    exp_samples: [{ labels: metricWith("ALERTS", labels), value: 1 }],
  };
}

function serviceLabels(job: string | undefined, options: OpsOptions): Pairs {
  const team = teamOfJob(options, job);
  return job === undefined ? { team } : { service: job, team };
}

/** Checks that the alert was pending for as long as it has to, and not longer. */
function pending(alert: Alert, { minutes }: Scenario, evaluations: number): ExpressionTest[] {
  if (evaluations === 0) return [];
  return [
    {
      expr: `sum(count_over_time(ALERTS{alertname="${alert.name}",alertstate="pending"}[4w]))`,
      eval_time: `${minutes}m`,
      exp_samples: [{ labels: "{}", value: evaluations }],
    },
  ];
}

/** Checks that the alert does not fire at any time until the end, or no longer. */
function never(alert: Alert, { minutes, fired }: Scenario): ExpressionTest {
  return {
    expr: `sum(count_over_time(ALERTS{alertname="${alert.name}",alertstate="firing"}[4w]))`,
    eval_time: `${minutes}m`,
    exp_samples: fired === undefined ? [] : [{ labels: "{}", value: fired }],
  };
}

/** Renders a test of promtool, whose title is a comment: 2.42 has no names of tests. */
function testText(alert: Alert, scenario: Scenario, checks: readonly ExpressionTest[]): string {
  const test: RuleTest = {
    interval: `${scenario.interval ?? 1}m`,
    input_series: scenario.series.map(inputOf),
    promql_expr_test: checks,
  };
  const text = stringify([test], { lineWidth: 0 }).replaceAll(/^(?=.)/gm, "  ");
  return `  # ${alert.name}: ${scenario.title}.\n${text}`;
}

function inputOf({ metric, labels, values }: Series): { series: string; values: string } {
  return { series: metricWith(metric, labels), values };
}

function metricWith(metric: string, labels: Pairs): string {
  return selector(
    metric,
    Object.entries(labels).map(([label, text]) => [label, "=", text]),
  );
}
