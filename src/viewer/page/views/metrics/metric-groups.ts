import type { MetricSeries } from "../../../model.ts";
import { formatBytes, formatMs, formatNumber, formatValue } from "../../format.ts";

/** The series of one metric of one service. */
export interface MetricGroup {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly service: string;
  readonly statistic: NonNullable<MetricSeries["statistic"]>;
  readonly series: readonly MetricSeries[];
}

/** What is looked at first; then come the app's own metrics, and last those of the machine. */
const FIRST: readonly string[] = ["http.server.", "nodejs.", "v8js.", "process.", "db.", "http."];
const LAST: readonly string[] = ["container.", "system.", "host.", "otel.", "telltale."];

function rankOf({ name }: MetricGroup): number {
  const first = FIRST.findIndex((prefix) => name.startsWith(prefix));
  if (first !== -1) return first;
  return FIRST.length + LAST.findIndex((prefix) => name.startsWith(prefix)) + 1;
}

/** Groups series by service and metric, the important ones first. */
export function groupMetrics(series: readonly MetricSeries[]): MetricGroup[] {
  const groups = Map.groupBy(
    series,
    ({ service, name, statistic }) => `${service} ${name} ${statistic ?? "value"}`,
  );
  const list = [...groups].flatMap(([key, all]) => {
    const [first] = all;
    if (first === undefined) return [];
    const { name, unit, description, service, statistic = "value" } = first;
    return [{ key, name, unit, description, service, statistic, series: all }];
  });
  return list.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.key < b.key ? -1 : 1));
}

/** The values of the attributes, which distinguish the series of a metric. */
export function seriesLabel({ attributes }: MetricSeries): string {
  return Object.values(attributes).map(formatValue).join(" ");
}

/** The last value of a series. */
export function lastValue({ points }: MetricSeries): number | undefined {
  return points.at(-1)?.value;
}

/** A value with its UCUM unit: seconds as a duration, bytes as such, annotations without braces. */
export function formatUnit(value: number, unit: string): string {
  if (unit === "s") return formatMs(value * 1000);
  if (unit === "ms") return formatMs(value);
  if (unit === "By") return formatBytes(value);
  if (unit === "1" || unit === "") return formatNumber(value);
  const plain = unit.startsWith("{") ? "" : ` ${unit}`;
  return `${formatNumber(value)}${plain}`;
}
