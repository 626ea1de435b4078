import type { Series } from "../support/prometheus.ts";
import { type ContractDemo, OWN_PAGES } from "./demo.ts";
import { oddLabels, type MetricPath } from "./rows.ts";

export const metricPaths: readonly MetricPath[] = ["page", "gateway", "written"];

export interface OwnedSeries {
  readonly service: string;
  readonly name: string;
  /** The labels in Prometheus, without `__name__`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Returns all series of a path, without those that Prometheus adds itself. */
export async function seriesOf(
  demo: ContractDemo,
  way: MetricPath,
): Promise<readonly OwnedSeries[]> {
  const prometheus = way === "written" ? demo.written : demo.scraping;
  const series = await prometheus.series(
    `{__name__=~".+",__name__!~"up|scrape_.*",job${way === "page" ? "=" : "!="}"${OWN_PAGES}"}`,
  );
  return series.map((one) => owned(one, demo));
}

function owned({ __name__, ...labels }: Series, { pages }: ContractDemo): OwnedSeries {
  const service = pages.get(labels["instance"] ?? "") ?? (labels["job"] ?? "").split("/").at(-1)!;
  return { service, name: __name__, labels };
}

/** Returns the series of an app's metrics in the form that all paths have in common, each once. */
export function commonForms(series: readonly OwnedSeries[]): string[] {
  return [...new Set(series.filter(isMetric).map(commonForm))].toSorted();
}

/**
 * Returns a series in the form that all paths have in common: without the
 * `differences`. It is a string, so that sets can be compared.
 */
function commonForm({ service, name, labels }: OwnedSeries): string {
  const isOurs = labels["otel_scope_name"] === "telltale";
  const pairs = Object.entries(labels)
    .filter(([key]) => key !== "job" && key !== "instance")
    .filter(([key]) => !isOurs || !key.startsWith("otel_scope_"))
    .map(([key, value]) => `${defaultName(key)}=${key === "le" ? limitOf(value) : value}`);
  return `${service} ${name} ${pairs.toSorted().join(",")}`;
}

function defaultName(label: string): string {
  const odd = Object.values(oddLabels).find(({ gateway }) => gateway === label);
  return odd?.page ?? label;
}

function limitOf(le: string): number {
  return Number(le.replace("+Inf", "Infinity"));
}

/** Selects the series that are compared one by one; others have separate tests. */
export function isMetric({ name }: OwnedSeries): boolean {
  return name !== "target_info" && !name.startsWith("traces_span_metrics_");
}
