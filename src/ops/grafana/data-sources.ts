import type { GrafanaOptions } from "../options/grafana-options.ts";
import { secondsOf } from "../prometheus/duration.ts";
import { logPlugins } from "./variables.ts";

/** Where Grafana finds the dashboards. Those of schema v2 have the same uids, and are not for it. */
export const DASHBOARD_FILE = `# Loads the dashboards. Mount grafana/dashboards at the path, and this folder at
# /etc/grafana/provisioning/dashboards.
apiVersion: 1

providers:
  - name: telltale
    folder: telltale
    type: file
    # They are generated: a change in the browser would be lost.
    allowUiUpdates: false
    disableDeletion: true
    updateIntervalSeconds: 30
    options:
      path: /var/lib/grafana/dashboards/telltale
`;

/** Returns the file with the data sources, linked with each other. */
export function dataSourceFile(options: GrafanaOptions): string {
  return [HEADER, prometheus(options), traces(options), logs(options)].join("\n");
}

const HEADER = `# Links from a point in a graph to its trace (exemplars), from a trace to its logs and
# metrics, and from a log line to its trace. \`$$\` is a literal \`$\` for Grafana.
apiVersion: 1

datasources:`;

function prometheus({ interval, prometheus, traces }: GrafanaOptions): string {
  return `  - name: Prometheus
    uid: prometheus
    type: prometheus
    url: ${prometheus}
    isDefault: true
    jsonData:
      httpMethod: POST
      # The longest interval in use: that of scrapes, or of OTEL_METRIC_EXPORT_INTERVAL. With a
      # shorter one, rates have less than two samples, and panels show no data.
      timeInterval: ${interval}
      # Prometheus stores them with --enable-feature=exemplar-storage.
      exemplarTraceIdDestinations:
        - name: trace_id
          datasourceUid: ${traces.store}
`;
}

function traces({ traces, logs, interval }: GrafanaOptions): string {
  const { store, url } = traces;
  return `  - name: ${storeNames[store]}
    uid: ${store}
    type: ${store}
    url: ${url}
    jsonData:
      nodeGraph:
        enabled: true
      tracesToLogsV2:
        datasourceUid: ${logs.store}
        spanStartTimeShift: -5m
        spanEndTimeShift: 5m
        customQuery: true
        tags:
          - key: service.name
            value: ${logs.store === "loki" ? "service_name" : "service.name"}
        query: ${traceQueries[logs.store]}
      tracesToMetrics:
        datasourceUid: prometheus
        spanStartTimeShift: -15m
        spanEndTimeShift: 15m
        # With a service.namespace, job is namespace/name behind a Collector: then this is
        # the namespace and the name, and the link shows no data.
        tags:
          - key: service.name
            value: job
        queries:
          - name: Requests a second by route
            query: sum by (http_route, http_response_status_code) (rate(http_server_request_duration_seconds_count{$$__tags}[${rateWindow(interval)}]))
          - name: Duration of requests by route, p95
            query: histogram_quantile(0.95, sum by (le, http_route) (rate(http_server_request_duration_seconds_bucket{$$__tags}[${rateWindow(interval)}])))
          - name: CPU
            query: sum by (instance) (rate(process_cpu_time_seconds_total{$$__tags}[${rateWindow(interval)}]))
`;
}

const storeNames = {
  jaeger: "Jaeger",
  tempo: "Tempo",
  loki: "Loki",
  victorialogs: "VictoriaLogs",
} as const;

/** The lines of a trace. */
const traceQueries = {
  // A trace id is metadata of the line, not a label: `|` filters by it.
  loki: `'{$\${__tags}} | trace_id = "$\${__trace.traceId}"'`,
  victorialogs: `'trace_id:="$\${__trace.traceId}"'`,
} as const;

function logs({ logs, traces }: GrafanaOptions): string {
  const { store, url } = logs;
  return `  - name: ${storeNames[store]}
    uid: ${store}
    type: ${logPlugins[store]}${store === "loki" ? "" : " # a plugin, which has to be installed"}
    url: ${url}
    jsonData:
      derivedFields:
        - name: trace
          # The trace id is a field beside the line, not a part of it.
          matcherType: label
          matcherRegex: trace_id
          datasourceUid: ${traces.store}
          url: "$\${__value.raw}"
          urlDisplayLabel: Open its trace
`;
}

/** Four samples, as Grafana's `$__rate_interval` has it. */
function rateWindow(interval: string): string {
  return `${4 * (secondsOf(interval) ?? Number.NaN)}s`;
}
