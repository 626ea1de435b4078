import { contextOf } from "../alerts/alert-context.ts";
import { limitOf } from "../alerts/alert-rule.ts";
import { alertsOf } from "../alerts/alerts.ts";
import type { OpsOptions } from "../options/ops-options.ts";

import { objectiveRunbooks } from "./slo.ts";

const severities = ["critical", "warning", "info"] as const;

/** Returns the list of all runbooks, by severity. */
export function indexText(options: OpsOptions): string {
  const alerts = alertsOf(options).map((alert) => ({ alert, context: contextOf(alert, options) }));
  const tables = severities.map((severity) => {
    const rows = alerts
      .filter(({ context }) => context.severity === severity)
      .map(({ alert, context }) => {
        const limit = `${alert.threshold.fires} ${limitOf(alert, context)}`;
        return `| [${alert.name}](${alert.name}.md) | ${alert.meaning} | ${limit} | ${context.for} |`;
      });
    const head = "| alert | is about | fires | for |\n| --- | --- | --- | --- |";
    return `## ${severity}\n\n${head}\n${rows.join("\n")}`;
  });
  return [
    "# Runbooks",
    "One page for each alert: what users notice, where to look first, likely causes, how to fix it, how to silence it, and who to call.",
    ...tables,
    `## objectives\n\n${objectiveRunbooks.map(({ name, meaning }) => `- [${name}](${name}.md): ${meaning}`).join("\n")}`,
    "## Without an alert\n\n- [Troubleshooting](troubleshooting.md): by what you see.\n- [Checklists](checklists.md): before production, each day, each week.",
  ]
    .join("\n\n")
    .concat("\n");
}
