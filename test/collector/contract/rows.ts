/*
 * The contract of metric names: the name of a metric in OTLP, and in Prometheus on
 * each path. The tests in this folder check real processes against it, and
 * docs/metrics.md is generated from it (`npm run readme -- metrics`).
 */

export type MetricKind = "counter" | "up-down counter" | "gauge" | "histogram";

export interface MetricRow {
  /** The name in OTLP. */
  readonly name: string;
  /** The unit in UCUM. */
  readonly unit: string;
  readonly kind: MetricKind;
  /**
   * The name in Prometheus: on a service's own page, on the gateway's, and by remote
   * write. Samples of a histogram append `_bucket`, `_sum` and `_count`.
   */
  readonly prometheus: string;
  /** The attributes; in Prometheus each dot is an underscore. */
  readonly labels: readonly string[];
  /** Further attributes after a failure, of which the demo has none. */
  readonly failureLabels?: readonly string[];
}

/** A group of related metrics. */
export interface MetricGroup {
  readonly title: string;
  /** Whether the demo reports all of them. */
  readonly inDemo: boolean;
  readonly rows: readonly MetricRow[];
}

const component = ["otel.component.name", "otel.component.type"] as const;
const exported = [...component, "error.type"] as const;
const endpoint = ["http.request.method", "http.route"] as const;
const queue = ["messaging.system", "messaging.destination.name"] as const;
const message = [...queue, "messaging.operation.name", "server.address", "server.port"] as const;
const SERVER_ATTRIBUTES = [
  "http.request.method",
  "http.route",
  "http.response.status_code",
  "error.type",
  "network.protocol.version",
  "url.scheme",
];
const group = "messaging.consumer.group.name";

export const groups: readonly MetricGroup[] = [
  {
    title: "HTTP",
    inDemo: true,
    rows: [
      histogram(
        "http.server.request.duration",
        "http_server_request_duration_seconds",
        SERVER_ATTRIBUTES,
      ),
      level("http.server.active_requests", "{request}", "http_server_active_requests", [
        "http.request.method",
        "url.scheme",
      ]),
      ...["request", "response"].map((side) => ({
        ...histogram(
          `http.server.${side}.body.size`,
          `http_server_${side}_body_size_bytes`,
          SERVER_ATTRIBUTES,
        ),
        unit: "By",
      })),
      histogram("http.client.request.duration", "http_client_request_duration_seconds", [
        "http.request.method",
        "http.response.status_code",
        "error.type",
        "network.protocol.version",
        "server.address",
        "server.port",
      ]),
    ],
  },
  {
    title: "HTTP: connections of clients",
    inDemo: false,
    rows: [
      level("http.client.active_requests", "{request}", "http_client_active_requests", [
        "http.request.method",
        "server.address",
        "server.port",
      ]),
      level("http.client.open_connections", "{connection}", "http_client_open_connections", [
        "http.connection.state",
        "server.address",
        "server.port",
      ]),
      histogram("http.client.connection.duration", "http_client_connection_duration_seconds", [
        "server.address",
        "server.port",
      ]),
    ],
  },
  {
    title: "Databases",
    inDemo: true,
    rows: [
      {
        ...histogram("db.client.operation.duration", "db_client_operation_duration_seconds", [
          "db.system.name",
          "db.operation.name",
          "db.namespace",
          "server.address",
          "server.port",
        ]),
        failureLabels: ["error.type", "db.response.status_code"],
      },
      level("db.client.connection.count", "{connection}", "db_client_connection_count", [
        "db.client.connection.pool.name",
        "db.client.connection.state",
      ]),
      level("db.client.connection.max", "{connection}", "db_client_connection_max", [
        "db.client.connection.pool.name",
      ]),
      level(
        "db.client.connection.pending_requests",
        "{request}",
        "db_client_connection_pending_requests",
        ["db.client.connection.pool.name"],
      ),
      level("db.client.connection.idle.min", "{connection}", "db_client_connection_idle_min", [
        "db.client.connection.pool.name",
      ]),
      ...["create_time", "wait_time", "use_time"].map((time) =>
        histogram(`db.client.connection.${time}`, `db_client_connection_${time}_seconds`, [
          "db.client.connection.pool.name",
        ]),
      ),
    ],
  },
  {
    title: "Databases: pools of some drivers",
    inDemo: false,
    rows: [
      level("db.client.connection.idle.max", "{connection}", "db_client_connection_idle_max", [
        "db.client.connection.pool.name",
      ]),
      counter("db.client.connection.timeouts", "{timeout}", "db_client_connection_timeouts_total", [
        "db.client.connection.pool.name",
      ]),
    ],
  },
  {
    title: "Queries by request",
    inDemo: true,
    rows: [
      {
        ...histogram("telltale.request.queries", "telltale_request_queries", endpoint),
        unit: "{query}",
      },
      histogram(
        "telltale.request.query.duration",
        "telltale_request_query_duration_seconds",
        endpoint,
      ),
    ],
  },
  {
    title: "Messages and jobs",
    inDemo: false,
    rows: [
      histogram(
        "messaging.client.operation.duration",
        "messaging_client_operation_duration_seconds",
        [...message, "messaging.operation.type", "error.type"],
      ),
      histogram("messaging.process.duration", "messaging_process_duration_seconds", [
        ...message,
        group,
        "error.type",
      ]),
      counter(
        "messaging.client.sent.messages",
        "{message}",
        "messaging_client_sent_messages_total",
        [...message, "error.type"],
      ),
      counter(
        "messaging.client.consumed.messages",
        "{message}",
        "messaging_client_consumed_messages_total",
        [...message, group],
      ),
      histogram("telltale.job.duration", "telltale_job_duration_seconds", [
        "telltale.job.name",
        "error.type",
      ]),
      gauge("telltale.job.last_success", "s", "telltale_job_last_success_seconds", [
        "telltale.job.name",
      ]),
      gauge("telltale.queue.size", "{message}", "telltale_queue_size", [
        ...queue,
        "telltale.queue.state",
      ]),
      gauge("telltale.queue.oldest.age", "s", "telltale_queue_oldest_age_seconds", queue),
      gauge("kafka.consumer_group.lag", "{message}", "kafka_consumer_group_lag", [
        ...queue,
        group,
        "messaging.destination.partition.id",
      ]),
    ],
  },
  {
    title: "Caches",
    inDemo: false,
    rows: [
      counter("telltale.cache.requests", "{request}", "telltale_cache_requests_total", [
        "telltale.cache.name",
        "telltale.cache.result",
      ]),
    ],
  },
  {
    title: "Errors, operations and security",
    inDemo: false,
    rows: [
      counter("telltale.exceptions", "{exception}", "telltale_exceptions_total", [
        "error.type",
        "telltale.exception.handled",
        "http.request.method",
        "http.route",
        "telltale.job.name",
      ]),
      histogram("telltale.operation.duration", "telltale_operation_duration_seconds", [
        "telltale.operation.name",
        "error.type",
      ]),
      counter("telltale.security.events", "{event}", "telltale_security_events_total", [
        "telltale.security.event",
        "telltale.security.severity",
      ]),
      counter("telltale.rate_limit.hits", "{hit}", "telltale_rate_limit_hits_total", [
        "telltale.rate_limit.limiter",
        "http.request.method",
        "http.route",
      ]),
    ],
  },
  {
    title: "Health",
    inDemo: true,
    rows: [gauge("telltale.health.ready", "{process}", "telltale_health_ready", [])],
  },
  {
    title: "Health: checks of the app",
    inDemo: false,
    rows: [
      gauge("telltale.health.check.passing", "{check}", "telltale_health_check_passing", [
        "telltale.health.check.name",
        "telltale.health.check.critical",
      ]),
    ],
  },
  {
    title: "Limits",
    inDemo: false,
    rows: [
      counter("telltale.metric.overflows", "{measurement}", "telltale_metric_overflows_total", [
        "telltale.metric.name",
      ]),
    ],
  },
  {
    title: "Log lines below their level",
    inDemo: false,
    rows: [
      counter("telltale.log.buffer.lines", "{line}", "telltale_log_buffer_lines_total", [
        "telltale.log.buffer.outcome",
      ]),
    ],
  },
  {
    title: "Node and V8",
    inDemo: true,
    rows: [
      gauge("nodejs.eventloop.utilization", "1", "nodejs_eventloop_utilization_ratio", []),
      counter("nodejs.eventloop.time", "s", "nodejs_eventloop_time_seconds_total", [
        "nodejs.eventloop.state",
      ]),
      ...["min", "max", "mean", "stddev", "p50", "p90", "p99"].map((field) =>
        gauge(
          `nodejs.eventloop.delay.${field}`,
          "s",
          `nodejs_eventloop_delay_${field}_seconds`,
          [],
        ),
      ),
      histogram("v8js.gc.duration", "v8js_gc_duration_seconds", ["v8js.gc.type"]),
      level("v8js.memory.heap.used", "By", "v8js_memory_heap_used_bytes", ["v8js.heap.space.name"]),
      level("v8js.memory.heap.space.size", "By", "v8js_memory_heap_space_size_bytes", [
        "v8js.heap.space.name",
      ]),
      level(
        "v8js.memory.heap.space.available_size",
        "By",
        "v8js_memory_heap_space_available_size_bytes",
        ["v8js.heap.space.name"],
      ),
      level(
        "v8js.memory.heap.space.physical_size",
        "By",
        "v8js_memory_heap_space_physical_size_bytes",
        ["v8js.heap.space.name"],
      ),
      level("v8js.memory.heap.limit", "By", "v8js_memory_heap_limit_bytes", []),
      gauge("v8js.resource.active", "{resource}", "v8js_resource_active", ["v8js.resource.type"]),
    ],
  },
  {
    title: "Stalls of the event loop",
    inDemo: false,
    rows: [
      histogram("telltale.eventloop.stall.duration", "telltale_eventloop_stall_duration_seconds", [
        "http.request.method",
        "http.route",
        "telltale.job.name",
      ]),
    ],
  },
  {
    title: "The process",
    inDemo: true,
    rows: [
      counter("process.cpu.time", "s", "process_cpu_time_seconds_total", ["cpu.mode"]),
      gauge("process.cpu.utilization", "1", "process_cpu_utilization_ratio", ["cpu.mode"]),
      level("process.memory.usage", "By", "process_memory_usage_bytes", []),
      gauge("process.uptime", "s", "process_uptime_seconds", []),
      level(
        "process.open_file_descriptors",
        "{file_descriptor}",
        "process_open_file_descriptors",
        [],
      ),
      level(
        "telltale.process.open_file_descriptors.limit",
        "{file_descriptor}",
        "telltale_process_open_file_descriptors_limit",
        [],
      ),
    ],
  },
  {
    title: "The host, on Linux",
    inDemo: false,
    rows: [
      counter("system.cpu.time", "s", "system_cpu_time_seconds_total", ["cpu.mode"]),
      level("system.memory.usage", "By", "system_memory_usage_bytes", ["system.memory.state"]),
      level("system.memory.limit", "By", "system_memory_limit_bytes", []),
      counter("system.disk.io", "By", "system_disk_io_bytes_total", [
        "system.device",
        "disk.io.direction",
      ]),
      counter("system.disk.operations", "{operation}", "system_disk_operations_total", [
        "system.device",
        "disk.io.direction",
      ]),
      level("system.filesystem.usage", "By", "system_filesystem_usage_bytes", [
        "system.device",
        "system.filesystem.mountpoint",
        "system.filesystem.type",
        "system.filesystem.state",
      ]),
      counter("system.network.io", "By", "system_network_io_bytes_total", [
        "network.interface.name",
        "network.io.direction",
      ]),
    ],
  },
  {
    title: "The container: the control group of the process, on Linux",
    inDemo: false,
    rows: [
      counter("container.cpu.time", "s", "container_cpu_time_seconds_total", ["cpu.mode"]),
      level("telltale.container.cpu.limit", "{cpu}", "telltale_container_cpu_limit", []),
      counter(
        "telltale.container.cpu.periods",
        "{period}",
        "telltale_container_cpu_periods_total",
        [],
      ),
      counter(
        "telltale.container.cpu.throttled.periods",
        "{period}",
        "telltale_container_cpu_throttled_periods_total",
        [],
      ),
      counter(
        "telltale.container.cpu.throttled.time",
        "s",
        "telltale_container_cpu_throttled_time_seconds_total",
        [],
      ),
      level("container.memory.usage", "By", "container_memory_usage_bytes", []),
      level("telltale.container.memory.limit", "By", "telltale_container_memory_limit_bytes", []),
      counter(
        "telltale.container.oom_kills",
        "{process}",
        "telltale_container_oom_kills_total",
        [],
      ),
    ],
  },
  {
    title: "Deployments, sent or written by `telltale deploy`",
    inDemo: false,
    rows: [
      {
        name: "telltale.deployment.time",
        unit: "s",
        kind: "gauge",
        prometheus: "telltale_deployment_time_seconds",
        labels: [
          "service.name",
          "service.namespace",
          "service.version",
          "deployment.environment.name",
          "vcs.ref.head.revision",
        ],
      },
    ],
  },
  {
    title: "Telemetry itself",
    inDemo: true,
    rows: [
      counter("otel.sdk.log.created", "{log_record}", "otel_sdk_log_created_total", []),
      ...(["span", "log"] as const).flatMap((signal) => {
        const unit = signal === "log" ? "{log_record}" : "{span}";
        const processor = `otel.sdk.processor.${signal}`;
        const name = `otel_sdk_processor_${signal}`;
        return [
          counter(`${processor}.processed`, unit, `${name}_processed_total`, exported),
          level(`${processor}.queue.size`, unit, `${name}_queue_size`, component),
          level(`${processor}.queue.capacity`, unit, `${name}_queue_capacity`, component),
        ];
      }),
      counter(
        "otel.sdk.exporter.span.exported",
        "{span}",
        "otel_sdk_exporter_span_exported_total",
        exported,
      ),
      counter(
        "otel.sdk.exporter.log.exported",
        "{log_record}",
        "otel_sdk_exporter_log_exported_total",
        exported,
      ),
      counter(
        "otel.sdk.exporter.metric_data_point.exported",
        "{data_point}",
        "otel_sdk_exporter_metric_data_point_exported_total",
        exported,
      ),
      counter("telltale.telemetry.created", "{item}", "telltale_telemetry_created_total", [
        "telltale.signal",
      ]),
      counter("telltale.telemetry.sent", "{item}", "telltale_telemetry_sent_total", [
        "telltale.signal",
      ]),
      counter("telltale.telemetry.dropped", "{item}", "telltale_telemetry_dropped_total", [
        "telltale.signal",
        "telltale.drop.reason",
      ]),
      level("telltale.telemetry.queued", "{item}", "telltale_telemetry_queued", [
        "telltale.signal",
      ]),
      counter("telltale.telemetry.time", "s", "telltale_telemetry_time_seconds_total", [
        "telltale.signal",
      ]),
      counter("telltale.event.traces", "{event}", "telltale_event_traces_total", [
        "telltale.trace.coverage",
      ]),
    ],
  },
];

/** Metrics of an app, with many units and unusual names: the naming rules by example. */
export const ownMetrics: readonly MetricRow[] = [
  counter("shop.orders", "{order}", "shop_orders_total", ["kind"]),
  counter("shop.visits.total", "", "shop_visits_total", []),
  counter("shop.sales", "1", "shop_sales_total", ["shop.region", "größe", "2nd"]),
  counter("shop.traffic", "By", "shop_traffic_bytes_total", []),
  level("shop.baskets", "{basket}", "shop_baskets", []),
  level("shop.disk", "GiBy", "shop_disk_gibibytes", []),
  gauge("shop.load", "1", "shop_load_ratio", []),
  gauge("shop.full", "%", "shop_full_percent", []),
  gauge("shop.speed", "m/h", "shop_speed_meters_per_hour", []),
  gauge("shop.throughput", "By/s", "shop_throughput_bytes_per_second", []),
  gauge("shop.packets", "{packet}/s", "shop_packets_per_second", []),
  gauge("shop.warmth", "Cel", "shop_warmth_celsius", []),
  gauge("shop.way", "furlong", "shop_way_furlong", []),
  gauge("shop.wait_seconds", "s", "shop_wait_seconds", []),
  gauge("shop/deep-er.name", "", "shop_deep_er_name", []),
  gauge("shop.CamelCase", "ms", "shop_CamelCase_milliseconds", []),
  histogram("shop.checkout", "shop_checkout_seconds", ["step"]),
  { ...histogram("shop.parcel", "shop_parcel_grams", []), unit: "g" },
  { ...histogram("shop.score", "shop_score", []), unit: "1" },
];

/** All metrics that an app reports itself. */
export const allMetrics: readonly MetricRow[] = [
  ...groups.flatMap((group) => group.rows),
  ...ownMetrics,
];

/** Returns the names of a metric's samples in Prometheus. */
export function sampleNamesOf({ kind, prometheus }: MetricRow): string[] {
  if (kind !== "histogram") return [prometheus];
  return ["_bucket", "_sum", "_count"].map((suffix) => prometheus + suffix);
}

/** A path of a metric to Prometheus. */
export type MetricPath = "page" | "gateway" | "written";

/** Attributes with names that are invalid in Prometheus. */
export const oddLabels: Readonly<Record<string, Readonly<Record<MetricPath, string>>>> = {
  größe: { page: "gr_e", gateway: "gr__e", written: "gr_e" },
  "2nd": { page: "key_2nd", gateway: "key_2nd", written: "key_2nd" },
};

/** Metrics that the gateway's `span_metrics` connector generates. */
export const spanMetrics: readonly MetricRow[] = [
  counter("traces.span.metrics.calls", "", "traces_span_metrics_calls_total", spanLabels()),
  histogram("traces.span.metrics.duration", "traces_span_metrics_duration_seconds", spanLabels()),
];

/** A count in two metrics: from the requests themselves, and from their spans. */
export interface SameCount {
  readonly metric: string;
  readonly spans: string;
  /** Prometheus labels by which both agree. */
  readonly by: readonly string[];
}

export const sameCounts: readonly SameCount[] = [
  {
    metric: "http_server_request_duration_seconds_count",
    spans: 'traces_span_metrics_calls_total{span_kind="SPAN_KIND_SERVER"}',
    by: ["http_request_method", "http_route", "http_response_status_code"],
  },
  {
    metric: "http_client_request_duration_seconds_count",
    spans: 'traces_span_metrics_calls_total{span_kind="SPAN_KIND_CLIENT",http_request_method!=""}',
    by: ["http_request_method", "http_response_status_code"],
  },
];

/** A difference between the three paths, with its reason. */
export interface Difference {
  readonly what: string;
  readonly page: string;
  readonly gateway: string;
  readonly remoteWrite: string;
  readonly why: string;
}

const AS_GATEWAY = "as the gateway's page";

export type DifferenceName = "identity" | "targetInfo" | "scope" | "limits" | "runs" | "metadata";

export const differences: Readonly<Record<DifferenceName, Difference>> = {
  identity: {
    what: "`job`, `instance`",
    page: "of the scrape: its `job_name`, host and port",
    gateway: "`service.namespace/service.name`, `service.instance.id`",
    remoteWrite: AS_GATEWAY,
    why: "A scrape sets these labels; through the Collector they come from the resource. Name the scrape job after the service to get the same `job`. Scrape the gateway with `honor_labels: true`, otherwise its labels become `exported_job` and `exported_instance`",
  },
  targetInfo: {
    what: "`target_info`",
    page: "the whole resource",
    gateway: "without `service_name`, `service_namespace`, `service_instance_id`",
    remoteWrite: AS_GATEWAY,
    why: "There these attributes are `job` and `instance`; on the page nothing else has them",
  },
  scope: {
    what: "`otel_scope_name`, `otel_scope_version`, `otel_scope_schema_url`",
    page: "on metrics of other scopes only, not on those of telltale",
    gateway: "on all: `telltale` and its version",
    remoteWrite: AS_GATEWAY,
    why: "On the page, series survive an update of telltale; a Collector forwards the scope as received. Query by name and by the labels above, and ignore these",
  },
  limits: {
    what: "`le` of whole numbers",
    page: "`1.0`, `1e+06`",
    gateway: "`1.0`, `1e+06`",
    remoteWrite: "`1`, `1000000`",
    why: 'OpenMetrics requires the first, the remote-write exporter writes the second. `histogram_quantile` accepts both; a query for one bucket needs `le=~"1|1.0"`, and one Prometheus should receive a metric on one path only',
  },
  runs: {
    what: "an attribute name with several invalid characters in a row (`größe`, `a..b`)",
    page: "one underscore for all (`gr_e`)",
    gateway: "one for each (`gr__e`)",
    remoteWrite: "one for all",
    why: "The specification asks for one; the Collector's Prometheus exporter differs. No label above is affected",
  },
  metadata: {
    what: "unit and type in the metadata",
    page: "`UNIT` of every metric that has one; `target_info` is an info",
    gateway: "no `UNIT`; `target_info` is a gauge",
    remoteWrite: "none",
    why: "A limit of these exporters and of Prometheus' receiver; type and help are the same where present",
  },
};

function counter(
  name: string,
  unit: string,
  prometheus: string,
  labels: readonly string[],
): MetricRow {
  return { name, unit, kind: "counter", prometheus, labels };
}

/** An up-down counter. */
function level(
  name: string,
  unit: string,
  prometheus: string,
  labels: readonly string[],
): MetricRow {
  return { name, unit, kind: "up-down counter", prometheus, labels };
}

function gauge(
  name: string,
  unit: string,
  prometheus: string,
  labels: readonly string[],
): MetricRow {
  return { name, unit, kind: "gauge", prometheus, labels };
}

/** A histogram in seconds. */
function histogram(name: string, prometheus: string, labels: readonly string[]): MetricRow {
  return { name, unit: "s", kind: "histogram", prometheus, labels };
}

function spanLabels(): readonly string[] {
  return [
    "service.name",
    "span.name",
    "span.kind",
    "status.code",
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "collector.instance.id",
  ];
}
