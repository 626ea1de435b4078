import { teamOf } from "../alerts/alert-team.ts";
import { uidOf } from "../grafana/panel-id.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { type AlertingRule, renderRuleFile, type RuleGroup } from "../prometheus/rule-file.ts";
import { idOf } from "./objective.ts";
import { replayFiles } from "./replay/replay-files.ts";
import { sloRuleGroups } from "./rules.ts";

/** Returns `prometheus/slo.yaml`, and tests for promtool; nothing without objectives. */
export function sloFiles(options: OpsOptions): readonly OutputFile[] {
  const { objectives } = options;
  if (objectives.length === 0) return [];
  return [...sloRuleFiles(options), ...replayFiles("../prometheus/slo.yaml", options)];
}

/** Returns `prometheus/slo.yaml`; nothing without objectives. */
export function sloRuleFiles(options: OpsOptions): readonly OutputFile[] {
  const { objectives } = options;
  if (objectives.length === 0) return [];
  const header = [
    "Service level objectives: ratios by window, the error budget left, and alerts.",
    ...objectives.map((objective) => `- ${idOf(objective)}: ${objective.percent}%`),
  ];
  const text = renderRuleFile(header, objectiveGroups(options));
  return [{ path: "prometheus/slo.yaml", text }];
}

/** Returns the groups of all objectives, whose alerts have the labels and links of all others. */
function objectiveGroups(options: OpsOptions): readonly RuleGroup[] {
  return options.objectives.flatMap(sloRuleGroups).map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ("alert" in rule ? routedAlert(rule, options) : rule)),
  }));
}

/** Objectives of a file may have labels and links of their own, which stay. */
function routedAlert(rule: AlertingRule, options: OpsOptions): AlertingRule {
  const { links } = options;
  const labels = {
    service: "{{ or $labels.job $labels.sloth_service }}",
    team: teamOf(options, true),
  };
  return {
    ...rule,
    labels: { ...labels, ...rule.labels },
    annotations: {
      ...(links.runbooks !== undefined && {
        runbook_url: `${links.runbooks}/${rule.alert}.md`,
      }),
      ...(links.grafana !== undefined && { dashboard_url: `${links.grafana}/d/${uidOf("slo")}` }),
      ...rule.annotations,
    },
  };
}
