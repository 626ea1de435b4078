import type { Dashboard, Panel } from "../../src/ops/grafana/dashboard.ts";
import { dashboardsOf } from "../../src/ops/grafana/dashboards.ts";
import { defaultOptions } from "../../src/ops/options/ops-options.ts";

/** Renders the dashboards without options: each with its panels, and why one may be empty. */
export function dashboardsTables(): string {
  return dashboardsOf(defaultOptions).map(sectionOf).join("\n\n");
}

function sectionOf({ title, description, rows }: Dashboard): string {
  const lines = rows.flatMap((row) => row.panels.map((panel) => lineOf(row.title, panel)));
  const head = ["| Row | Panel | Shows | Empty if |", "| --- | --- | --- | --- |"];
  return [`### ${title}`, description, [...head, ...lines].join("\n")].join("\n\n");
}

function lineOf(row: string, { title, description, silent, alert }: Panel): string {
  const shows = alert === undefined ? description : `the value and the threshold of \`${alert}\``;
  const cells = [row, title, shows, silent?.reason ?? ""];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
