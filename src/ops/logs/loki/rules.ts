import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { renderRuleFile, type AlertingRule } from "../../prometheus/rule-file.ts";
import { labelsOf, type LogAlert, logAlerts, REMEMBERED_HOURS } from "../log-alert.ts";

/** Returns the rules of Loki's ruler. */
export function lokiRuleFiles(options: LogOptions, team: string): readonly OutputFile[] {
  const rules = logAlerts(options).map((alert) => ruleOf(alert, team));
  const group = { name: "telltale-logs", interval: "1m", comment: [], rules };
  return [{ path: "logs/loki/rules.yaml", text: renderRuleFile(header, [group]) }];
}

const header = [
  "Alerts on lines, for the ruler of Loki 3.1 or later. Copy it to",
  "  /loki/rules/fake/telltale.yaml",
  "(fake is the tenant where there is only one), with the address of Alertmanager as",
  "ruler.alertmanager_url.",
  "service_name and detected_level are what Loki itself derives, from the labels service and",
  "level of these pipelines and from OTLP alike (limits_config: discover_service_name,",
  "discover_log_levels). The rules apply to all services in Loki.",
];

function ruleOf(alert: LogAlert, team: string): AlertingRule {
  return {
    alert: alert.name,
    comment: alert.comment,
    expr: expressionOf(alert),
    labels: labelsOf(alert, team),
    annotations: {
      summary: alert.summary.replace("SERVICE", "{{ $labels.service_name }}"),
      description: alert.description,
    },
  };
}

function expressionOf({ name, minutes, threshold }: LogAlert): string {
  switch (name) {
    case "TooManyErrorLines":
      return `${lines(' | detected_level=~"error|critical|fatal"', `${minutes}m`)} > ${threshold}`;
    case "FatalLine":
      return `${lines(' | detected_level="fatal"', `${minutes}m`)} > ${threshold}`;
    case "TooManySecurityEvents":
      return `${lines(SECURITY_EVENTS, `${minutes}m`)} > ${threshold}`;
    case "NoLogLines":
      return `${lines("", `${REMEMBERED_HOURS}h`)}\nunless\n${lines("", `${minutes}m`)}`;
  }
}

/** @param filter a pipeline of LogQL */
function lines(filter: string, window: string): string {
  return `sum by (service_name) (count_over_time({service_name=~".+"}${filter} [${window}]))`;
}

/** `logger` is metadata of these pipelines, `scope_name` that of OTLP. */
const SECURITY_EVENTS =
  ' | logger="telltale/security" or scope_name="telltale/security" | detected_level=~"warn|error|critical|fatal"';
