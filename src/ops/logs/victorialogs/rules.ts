import { writtenNames } from "../level.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { labelsOf, type LogAlert, logAlerts, REMEMBERED_HOURS } from "../log-alert.ts";
import { comment, each, indent, quote } from "../text.ts";

/** Returns the rules of vmalert for VictoriaLogs. */
export function victoriaLogsRuleFiles(options: LogOptions, team: string): readonly OutputFile[] {
  const text = `${comment(header(options))}
groups:
  - name: telltale-logs
    type: vlogs
    interval: 1m
    rules:
${indent(
  each(logAlerts(options), (alert) => renderRule(alert, team)),
  6,
)}
`;
  return [{ path: "logs/victorialogs/rules.yaml", text }];
}

function header({ victoriaLogsUrl, alertmanagerUrl }: LogOptions): readonly string[] {
  return [
    "Alerts on lines, for vmalert 1.106 or later:",
    `  vmalert -rule=rules.yaml -datasource.url=${victoriaLogsUrl} -notifier.url=${alertmanagerUrl}`,
    "",
    "Lines by files or stdout have the fields service and level, records by OTLP service.name and",
    "severity_number: the queries read both. The rules apply to all services.",
  ];
}

function renderRule(alert: LogAlert, team: string): string {
  const summary = alert.summary.replace("SERVICE", "{{ $labels.service }}");
  return `${comment(alert.comment)}
- alert: ${alert.name}
  expr: |
${indent(expressionOf(alert), 4)}
  labels:
${each(Object.entries(labelsOf(alert, team)), ([name, text]) => `    ${name}: ${quote(text)}`)}
  annotations:
    summary: ${quote(summary)}
    description: ${quote(alert.description)}`;
}

/** Puts the service of lines and of records over OTLP into one field. A service without a name stays out. */
const BY_SERVICE = `format if (service:"") "<service.name>" as service
| filter service:*
| stats by (service)`;

function expressionOf({ name, minutes, threshold }: LogAlert): string {
  const lines = (filter: string): string =>
    `_time:${minutes}m ${filter}\n| ${BY_SERVICE} count() as lines\n| filter lines:>${threshold}`;
  switch (name) {
    case "TooManyErrorLines":
      return lines(ofLevels(writtenNames("fatal", "error"), 17));
    case "FatalLine":
      return lines(ofLevels(writtenNames("fatal"), 21));
    case "TooManySecurityEvents":
      return lines(
        `(logger:="telltale/security" or scope.name:="telltale/security") ${ofLevels(writtenNames("fatal", "error", "warn"), 13)}`,
      );
    case "NoLogLines":
      return `_time:${REMEMBERED_HOURS}h
| ${BY_SERVICE} count() if (_time:${minutes}m) as recent, count() as lines
| filter recent:0`;
  }
}

/** @param severityNumber the lowest severity number of OpenTelemetry */
function ofLevels(names: readonly string[], severityNumber: number): string {
  return `(level:in(${names.map(quote).join(", ")}) or severity_number:>=${severityNumber})`;
}
