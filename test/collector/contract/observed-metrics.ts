import { WAIT_TIMEOUT_MS } from "../../until.ts";
import type { PrometheusServer } from "../support/prometheus.ts";
import { type ContractDemo, OWN_PAGES } from "./demo.ts";
import { allMetrics, type SameCount, sameCounts, sampleNamesOf, type MetricPath } from "./rows.ts";
import { seriesOf, commonForms, type OwnedSeries, metricPaths } from "./metric-paths.ts";

/** The metrics of all paths, read while all services ran, after everything had arrived. */
export interface ObservedMetrics {
  readonly series: Readonly<Record<MetricPath, readonly OwnedSeries[]>>;
  readonly counts: ReadonlyMap<SameCount, Counts>;
}

/** Values by path, and then by the values of the labels. */
type Counts = Readonly<
  Record<MetricPath | "gateway, of spans" | "written, of spans", ReadonlyMap<string, number>>
>;

/** Waits until all paths have the same metrics, for a limited time. */
export async function waitUntilSettled(demo: ContractDemo): Promise<ObservedMetrics> {
  const end = performance.now() + WAIT_TIMEOUT_MS;
  for (;;) {
    const seen = await observe(demo);
    if (isSettled(seen) || performance.now() > end) return seen;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function observe(demo: ContractDemo): Promise<ObservedMetrics> {
  const [page, gateway, written] = await Promise.all(metricPaths.map((way) => seriesOf(demo, way)));
  const counts = await Promise.all(
    sameCounts.map(async (same) => [same, await countsOf(demo, same)] as const),
  );
  return {
    series: { page: page!, gateway: gateway!, written: written! },
    counts: new Map(counts),
  };
}

async function countsOf(
  { scraping, written }: ContractDemo,
  { metric, spans, by }: SameCount,
): Promise<Counts> {
  const count = async (prometheus: PrometheusServer, what: string, jobs: string) => {
    const matched = what.includes("{") ? what.replace("}", `,${jobs}}`) : `${what}{${jobs}}`;
    const found = await prometheus.query(`sum by (${by.join(",")}) (${matched}) > 0`);
    const entries = found.map(({ metric, value }) => {
      return [by.map((label) => metric[label] ?? "").join(" "), value] as const;
    });
    return new Map<string, number>(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  const [own, others] = [`job="${OWN_PAGES}"`, `job!="${OWN_PAGES}"`];
  return {
    page: await count(scraping, metric, own),
    gateway: await count(scraping, metric, others),
    written: await count(written, metric, others),
    "gateway, of spans": await count(scraping, spans, others),
    "written, of spans": await count(written, spans, others),
  };
}

function isSettled({ series, counts }: ObservedMetrics): boolean {
  const page = commonForms(series.page);
  const names = new Set(series.page.map(({ name }) => name));
  return (
    allMetrics.flatMap(sampleNamesOf).every((name) => names.has(name)) &&
    [series.gateway, series.written].every((way) => isSame(commonForms(way), page)) &&
    [...counts.values()].every(({ page, ...others }) =>
      Object.values(others).every((count) => isSame([...count], [...page])),
    )
  );
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length > 0 && JSON.stringify(one) === JSON.stringify(other);
}
