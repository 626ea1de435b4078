/** Options of Grafana: where it reads from. Addresses are those by which Grafana's server reaches them. */
export interface GrafanaOptions {
  /**
   * The longest time between two samples of a series: the interval of scrapes, or that of
   * `OTEL_METRIC_EXPORT_INTERVAL`. In Prometheus' notation.
   */
  readonly interval: string;
  readonly prometheus: string;
  readonly logs: { readonly store: "loki" | "victorialogs"; readonly url: string };
  readonly traces: { readonly store: "jaeger" | "tempo"; readonly url: string };
}

/** The options without a file. Addresses are those of containers in one network. */
export const defaultGrafanaOptions: GrafanaOptions = {
  interval: "60s",
  prometheus: "http://prometheus:9090",
  logs: { store: "loki", url: "http://loki:3100" },
  traces: { store: "jaeger", url: "http://jaeger:16686" },
};
