import {
  parseRegistryMetric,
  type RegistryMetric,
} from "../../../src/metrics/registries/registry-metric.ts";

const exemplar = { labelSet: { trace_id: "0123" }, value: 2, timestamp: 1700000000.25 };
const long = { labelSet: { trace_id: "0".repeat(200) }, value: 2, timestamp: 1700000000 };

/** What `get()` of the metrics of `prom-client` returns. */
const collected: readonly object[] = [
  {
    name: "app_orders_total",
    help: "Orders.",
    type: "counter",
    values: [
      { value: 3, labels: { kind: 'a "b" \\ c' }, exemplar },
      { value: 4, labels: { kind: "long" }, exemplar: long },
      { value: 5, labels: { kind: "long" } },
    ],
  },
  { name: "app_unused", help: "Without values", type: "gauge", values: [] },
  { name: "app_visits", help: "", type: "counter", values: [{ value: 7, labels: {} }] },
  { name: "app_stock", help: "Stock", type: "gauge", values: [{ value: -4, labels: { a: 1 } }] },
  {
    name: "app_wait_seconds",
    help: "Waits",
    type: "histogram",
    values: ["a", "b"].flatMap((team) => [
      { metricName: "app_wait_seconds_bucket", value: 0, labels: { team, le: 0.5 } },
      { metricName: "app_wait_seconds_bucket", value: 1, labels: { team, le: 1 }, exemplar },
      { metricName: "app_wait_seconds_bucket", value: 2, labels: { team, le: "+Inf" } },
      { metricName: "app_wait_seconds_sum", value: 1.7, labels: { team } },
      { metricName: "app_wait_seconds_count", value: 2, labels: { team } },
    ]),
  },
  {
    name: "app_size_bytes",
    help: "Sizes",
    type: "summary",
    values: [
      { value: 20, labels: { quantile: 0.5 } },
      { value: 30, labels: { quantile: 0.99 } },
      { metricName: "app_size_bytes_sum", value: 50, labels: {} },
      { metricName: "app_size_bytes_count", value: 2, labels: {} },
    ],
  },
];

export const registryMetrics: readonly RegistryMetric[] = collected.map((metric) => {
  const parsed = parseRegistryMetric(metric, { region: "eu" });
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
});
