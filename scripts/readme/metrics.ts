import {
  type Difference,
  differences,
  groups,
  type MetricRow,
  oddLabels,
  ownMetrics,
  sameCounts,
  spanMetrics,
} from "../../test/collector/contract/rows.ts";

/** Renders the contract of metric names in Markdown, from the rows that the tests check real processes against. */
export function metricsTables(): string {
  const own = ownMetrics.filter(({ labels }) => !labels.some((label) => label in oddLabels));
  return [
    ...groups.flatMap(({ title, rows }) => [`### ${title}`, tableOf(rows)]),
    "### Examples of an app's own metrics",
    tableOf(own),
    "### Generated from spans, by the gateway",
    tableOf(spanMetrics),
    "These count the same requests:",
    countsTable(),
    "### Differences",
    differencesTable(Object.values(differences)),
  ].join("\n\n");
}

function tableOf(rows: readonly MetricRow[]): string {
  return table(
    ["OTLP", "Unit", "Kind", "Prometheus", "Attributes"],
    rows.map(({ name, unit, kind, prometheus, labels, failureLabels = [] }) => [
      asCode(name),
      unit === "" ? "" : asCode(unit),
      kind,
      asCode(prometheus),
      [...labels, ...failureLabels].map(asCode).join(", "),
    ]),
  );
}

function countsTable(): string {
  return table(
    ["Requests", "Spans", "By"],
    sameCounts.map(({ metric, spans, by }) => [
      asCode(metric),
      asCode(spans),
      by.map(asCode).join(", "),
    ]),
  );
}

function differencesTable(rows: readonly Difference[]): string {
  return table(
    ["What", "Own page", "Gateway's page", "Remote write", "Why"],
    rows.map(({ what, page, gateway, remoteWrite, why }) => [
      what,
      page,
      gateway,
      remoteWrite,
      why,
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(lineOf).join("\n");
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function asCode(text: string): string {
  return `\`${text}\``;
}
