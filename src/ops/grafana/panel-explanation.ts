import type { OpsOptions } from "../options/ops-options.ts";
import type { Dashboard, Panel } from "./dashboard.ts";
import { dashboardsOf } from "./dashboards.ts";

/**
 * Explains the panels with a title, as `Databases/Queries by operation` or without the dashboard.
 * Those of alerts are explained by the names of the alerts.
 *
 * @returns Markdown. Undefined if there is no such panel.
 */
export function explainPanels(name: string, options: OpsOptions): string | undefined {
  const found = namedPanels(options).filter(
    ({ fullName, panel }) => fullName === name || panel.title === name,
  );
  return found.length === 0 ? undefined : found.map(explanationOf).join("\n");
}

/** Returns the names of all panels, with those of their dashboards. */
export function panelNames(options: OpsOptions): readonly string[] {
  return namedPanels(options).map(({ fullName }) => fullName);
}

interface NamedPanel {
  readonly fullName: string;
  readonly dashboard: Dashboard;
  readonly panel: Panel;
}

function namedPanels(options: OpsOptions): readonly NamedPanel[] {
  return dashboardsOf(options).flatMap((dashboard) =>
    dashboard.rows.flatMap(({ panels }) =>
      panels
        .filter(({ alert }) => alert === undefined)
        .map((panel) => ({ fullName: `${dashboard.title}/${panel.title}`, dashboard, panel })),
    ),
  );
}

function explanationOf({ fullName, dashboard, panel }: NamedPanel): string {
  const { description, unit, queries, silent } = panel;
  const sections = [
    `# ${fullName}`,
    description,
    `A panel of grafana/dashboards/${dashboard.name}.json, in the unit: ${unit}.`,
    ...queries.map(({ expr }) => `\`\`\`text\n${expr}\n\`\`\``),
    ...(silent === undefined ? [] : [`It may be empty. ${silent.reason}`]),
  ];
  return `${sections.join("\n\n")}\n`;
}
