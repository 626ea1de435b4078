import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { labelsOf, type LogAlert, logAlerts } from "../log-alert.ts";
import { comment, each, quote } from "../text.ts";

/**
 * Returns rules of ElastAlert 2, one file each. Elasticsearch's own Watcher needs a paid
 * licence, and the rules of Kibana are no files.
 */
export function elastAlertFiles(options: LogOptions, team: string): readonly OutputFile[] {
  return logAlerts(options).map((alert) => ({
    path: `logs/elastalert/${alert.name}.yaml`,
    text: renderRule(alert, options, team),
  }));
}

function renderRule(alert: LogAlert, options: LogOptions, team: string): string {
  return `# For ElastAlert 2: a file of its rules_folder.
${comment(alert.comment)}
name: ${alert.name}
index: logs-telltale-*
timestamp_field: "@timestamp"
# Each service by itself.
query_key: service.name
${conditionOf(alert)}
filter:
  - bool:
      filter:
${each(filtersOf(alert), (filter) => `        - ${filter}`)}
alert: [alertmanager]
alertmanager_hosts: [${quote(options.alertmanagerUrl)}]
alertmanager_api_version: v2
alertmanager_alertname: ${alert.name}
alertmanager_labels:
${each(Object.entries(labelsOf(alert, team)), ([name, text]) => `  ${name}: ${quote(text)}`)}
alertmanager_fields:
  service: service.name
# They become the annotations summary and description.
alert_subject: ${quote(alert.summary.replace("SERVICE", "{0}"))}
alert_subject_args: [service.name]
alert_text_type: alert_text_only
alert_text: ${quote(alert.description)}
# Repeated as long as it is true: Alertmanager groups alerts, and one that is not repeated counts
# as resolved there.
realert:
  minutes: 0
`;
}

function conditionOf({ minutes, threshold }: LogAlert): string {
  const timeframe = `timeframe:\n  minutes: ${minutes}`;
  // Both count documents: num_events are reached, threshold is not.
  return threshold === undefined
    ? `type: flatline\nthreshold: 1\nuse_terms_query: true\n${timeframe}`
    : `type: frequency\nnum_events: ${threshold + 1}\n${timeframe}`;
}

function filtersOf({ name }: LogAlert): readonly string[] {
  switch (name) {
    case "TooManyErrorLines":
      return [levels("error", "fatal")];
    case "FatalLine":
      return [levels("fatal")];
    case "TooManySecurityEvents":
      return ["term: {log.logger: telltale/security}", levels("warn", "error", "fatal")];
    case "NoLogLines":
      return ["exists: {field: service.name}"];
  }
}

function levels(...names: readonly string[]): string {
  return `terms: {log.level: [${names.join(", ")}]}`;
}
