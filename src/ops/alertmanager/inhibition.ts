import { alertsOf } from "../alerts/alerts.ts";
import { oneOf } from "../prometheus/promql.ts";
import type { OpsOptions } from "../options/ops-options.ts";

/** While a source fires, the target is not sent: both have the same cause. */
export interface InhibitRule {
  /** Names of alerts. */
  readonly sources: readonly string[];
  readonly target: string;
  /** Labels that have to be the same on both. */
  readonly equal: readonly string[];
}

/** Returns the rules of the alerts with a cause that another alert reports better. */
export function inhibitRules(options: OpsOptions): readonly InhibitRule[] {
  const alerts = alertsOf(options);
  const rules = alerts.flatMap((alert) =>
    (alert.inhibitedBy ?? []).flatMap((name) => {
      const source = alerts.find((candidate) => candidate.name === name);
      if (source === undefined) return [];
      const equal = alert.by.filter((label) => source.by.includes(label));
      return [{ sources: [name], target: alert.name, equal }];
    }),
  );
  return [
    ...joined(rules),
    { sources: ["SLOBurnsFast"], target: "SLOBurnsSlowly", equal: ["sloth_id"] },
  ];
}

/** Joins rules with the same target and labels. */
function joined(rules: readonly InhibitRule[]): readonly InhibitRule[] {
  const byKey = new Map<string, InhibitRule>();
  for (const rule of rules) {
    const key = [rule.target, ...rule.equal].join(" ");
    const sources = [...(byKey.get(key)?.sources ?? []), ...rule.sources];
    byKey.set(key, { ...rule, sources });
  }
  return [...byKey.values()];
}

/** Returns a matcher of Alertmanager for alerts by their names. */
export function nameMatcher(names: readonly string[]): string {
  const [label, operator, value] = oneOf("alertname", names);
  return `${label}${operator}${JSON.stringify(value)}`;
}
