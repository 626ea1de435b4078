import { alertsOf } from "./alerts/alerts.ts";
import { explainPanels, panelNames } from "./grafana/panel-explanation.ts";
import type { OpsOptions } from "./options/ops-options.ts";
import { objectiveRunbookText, runbookText } from "./runbooks/runbook-files.ts";
import { objectiveRunbooks } from "./runbooks/slo.ts";

/**
 * Explains an alert by its name, or panels by their title.
 *
 * @returns Markdown. Undefined if nothing has this name.
 */
export function explain(name: string, options: OpsOptions): string | undefined {
  const alert = alertsOf(options).find((candidate) => candidate.name === name);
  if (alert !== undefined) return runbookText(alert, options);
  const objective = objectiveRunbooks.find((candidate) => candidate.name === name);
  return objective === undefined
    ? explainPanels(name, options)
    : objectiveRunbookText(objective, options);
}

/** Returns the names that {@link explain} knows. */
export function explainedNames(options: OpsOptions): readonly string[] {
  const alerts = [...alertsOf(options), ...objectiveRunbooks].map(({ name }) => name);
  return [...alerts, ...panelNames(options)];
}
