import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";

/** The value of a variable, the resulting configuration, and other variables that it requires. */
export interface VariableExample {
  readonly text: string;
  readonly read: (config: Config) => unknown;
  readonly value: unknown;
  readonly otherVariables?: Readonly<Record<string, string>>;
}

/** A valid value of every supported variable, other than its default. */
export const variableExamples: Readonly<Record<string, VariableExample>> = {
  OTEL_SDK_DISABLED: { text: "true", read: (c) => c.disabled, value: true },
  OTEL_CONFIG_FILE: {
    text: join(import.meta.dirname, "file/published/v1.1.0/examples/otel-sdk-config.yaml"),
    read: (c) => c.traces.otlp.compression,
    value: "gzip",
  },
  OTEL_LOG_LEVEL: { text: "debug", read: (c) => c.logLevel, value: "debug" },
  OTEL_PROPAGATORS: { text: "b3,xray", read: (c) => c.propagators, value: ["b3", "xray"] },

  OTEL_SERVICE_NAME: { text: "shop", read: (c) => c.serviceName, value: "shop" },
  OTEL_RESOURCE_ATTRIBUTES: {
    text: "a=1,b=x%20y",
    read: (c) => c.resourceAttributes,
    value: { a: "1", b: "x y" },
  },
  OTEL_NODE_RESOURCE_DETECTORS: {
    text: "os,env",
    read: (c) => c.resourceDetectors,
    value: ["env", "os"],
  },
  NODE_ENV: { text: "production", read: (c) => c.environment, value: "production" },

  OTEL_TRACES_EXPORTER: {
    text: "console",
    read: (c) => c.traces.exporters,
    value: ["console"],
  },
  OTEL_TRACES_SAMPLER: {
    text: "always_off",
    read: (c) => c.traces.sampler.name,
    value: "always_off",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    text: "0.25",
    read: (c) => c.traces.sampler,
    value: { name: "traceidratio", ratio: 0.25 },
    otherVariables: { OTEL_TRACES_SAMPLER: "traceidratio" },
  },
  OTEL_BSP_SCHEDULE_DELAY: { text: "7", read: (c) => c.traces.batch.delayMs, value: 7 },
  OTEL_BSP_EXPORT_TIMEOUT: { text: "8", read: (c) => c.traces.batch.exportTimeoutMs, value: 8 },
  OTEL_BSP_MAX_QUEUE_SIZE: { text: "900", read: (c) => c.traces.batch.maxQueueSize, value: 900 },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: {
    text: "10",
    read: (c) => c.traces.batch.maxBatchSize,
    value: 10,
  },
  OTEL_ATTRIBUTE_COUNT_LIMIT: {
    text: "5",
    read: (c) => [c.traces.limits.attributeCount, c.logs.limits.attributeCount],
    value: [5, 5],
  },
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    text: "6",
    read: (c) => [c.traces.limits.attributeLength, c.logs.limits.attributeLength],
    value: [6, 6],
  },
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: {
    text: "7",
    read: (c) => [c.traces.limits.attributeCount, c.logs.limits.attributeCount],
    value: [7, 5],
    otherVariables: { OTEL_ATTRIBUTE_COUNT_LIMIT: "5" },
  },
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    text: "8",
    read: (c) => [c.traces.limits.attributeLength, c.logs.limits.attributeLength],
    value: [8, 5],
    otherVariables: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "5" },
  },
  OTEL_SPAN_EVENT_COUNT_LIMIT: { text: "9", read: (c) => c.traces.limits.eventCount, value: 9 },
  OTEL_SPAN_LINK_COUNT_LIMIT: { text: "0", read: (c) => c.traces.limits.linkCount, value: 0 },
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: {
    text: "11",
    read: (c) => c.traces.limits.attributesPerEvent,
    value: 11,
    otherVariables: { OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: "12" },
  },
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: {
    text: "12",
    read: (c) => c.traces.limits.attributesPerLink,
    value: 12,
    otherVariables: { OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT: "13" },
  },
  OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: {
    text: "13",
    read: (c) => c.traces.limits.attributesPerEvent,
    value: 13,
  },
  OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT: {
    text: "14",
    read: (c) => c.traces.limits.attributesPerLink,
    value: 14,
  },

  OTEL_METRICS_EXPORTER: {
    text: "prometheus,otlp",
    read: (c) => c.metrics.exporters,
    value: ["prometheus", "otlp"],
  },
  OTEL_EXPORTER_PROMETHEUS_HOST: { text: "0.0.0.0", read: (c) => c.admin.host, value: "0.0.0.0" },
  OTEL_EXPORTER_PROMETHEUS_PORT: { text: "0", read: (c) => c.admin.port, value: 0 },
  OTEL_METRIC_EXPORT_INTERVAL: { text: "500", read: (c) => c.metrics.intervalMs, value: 500 },
  OTEL_METRIC_EXPORT_TIMEOUT: { text: "300", read: (c) => c.metrics.timeoutMs, value: 300 },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    text: "LowMemory",
    read: (c) => c.metrics.temporality,
    value: "lowmemory",
  },
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: {
    text: "base2_exponential_bucket_histogram",
    read: (c) => c.metrics.exponentialHistograms,
    value: true,
  },
  OTEL_METRICS_EXEMPLAR_FILTER: {
    text: "always_off",
    read: (c) => c.metrics.exemplarFilter,
    value: "always_off",
  },

  OTEL_LOGS_EXPORTER: { text: "none", read: (c) => c.logs.exporters, value: [] },
  OTEL_BLRP_SCHEDULE_DELAY: { text: "7", read: (c) => c.logs.batch.delayMs, value: 7 },
  OTEL_BLRP_EXPORT_TIMEOUT: { text: "8", read: (c) => c.logs.batch.exportTimeoutMs, value: 8 },
  OTEL_BLRP_MAX_QUEUE_SIZE: { text: "900", read: (c) => c.logs.batch.maxQueueSize, value: 900 },
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: {
    text: "10",
    read: (c) => c.logs.batch.maxBatchSize,
    value: 10,
  },
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: {
    text: "3",
    read: (c) => [c.traces.limits.attributeCount, c.logs.limits.attributeCount],
    value: [5, 3],
    otherVariables: { OTEL_ATTRIBUTE_COUNT_LIMIT: "5" },
  },
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    text: "4",
    read: (c) => [c.traces.limits.attributeLength, c.logs.limits.attributeLength],
    value: [Infinity, 4],
  },

  ...otlpExamples("", ["traces", "metrics", "logs"]),
  ...otlpExamples("TRACES_", ["traces"]),
  ...otlpExamples("METRICS_", ["metrics"]),
  ...otlpExamples("LOGS_", ["logs"]),

  SENTRY_DSN: {
    text: "https://abc123@o1.ingest.sentry.io/42",
    read: (c) => [c.errors.dsn, c.propagators, c.extractOnly],
    value: ["https://abc123@o1.ingest.sentry.io/42", ["tracecontext", "baggage"], ["sentry"]],
  },
  SENTRY_ENVIRONMENT: {
    text: "staging",
    read: (c) => [c.errors.environment, c.environment],
    value: ["staging", "staging"],
    otherVariables: { NODE_ENV: "production" },
  },
  SENTRY_RELEASE: { text: "shop@1.2.3", read: (c) => c.errors.release, value: "shop@1.2.3" },
  SENTRY_SAMPLE_RATE: { text: ".5", read: (c) => c.errors.sampleRate, value: 0.5 },
  TELLTALE_IGNORE_ERRORS: {
    text: "ECONNRESET,/^a,b/i",
    read: (c) => c.errors.ignoreErrors,
    value: [
      { kind: "text", text: "ECONNRESET" },
      { kind: "expression", source: "^a,b", flags: "i" },
    ],
  },
  TELLTALE_IGNORE_TRANSACTIONS: {
    text: "GET /health, /internal/*",
    read: (c) => c.errors.ignoreTransactions,
    value: ["GET /health", "/internal/*"],
  },
  TELLTALE_EXTENSION: {
    text: "./telemetry.js",
    read: (c) => c.extension,
    value: { specifier: "./telemetry.js", folder: process.cwd() },
  },
  TELLTALE_BEFORE_SEND: {
    text: "./filter.mjs",
    read: (c) => c.errors.beforeSend,
    value: { specifier: "./filter.mjs", folder: process.cwd() },
  },
  SENTRY_SPOTLIGHT: {
    text: "1",
    read: (c) => c.errors.spotlight,
    value: "http://localhost:8969/stream",
  },
  TELLTALE_REPEATED_ERRORS: { text: "7", read: (c) => c.errors.repeatedErrors, value: 7 },
  SENTRY_TRACES_SAMPLE_RATE: {
    text: "0.1",
    read: (c) => c.traces.sampler,
    value: { name: "parentbased_traceidratio", ratio: 0.1 },
  },
  TELLTALE_SENTRY_SESSIONS: { text: "false", read: (c) => c.errors.sessions, value: false },
  SENTRY_DEBUG: { text: "TRUE", read: (c) => c.errors.debug, value: true },
  SENTRY_ORG_URL: {
    text: "https://acme.sentry.io/",
    read: (c) => c.errors.orgUrl,
    value: "https://acme.sentry.io",
  },
  TELLTALE_SENTRY_SPOOL_DIR: {
    text: "/var/spool/shop",
    read: (c) => c.errors.spoolDir,
    value: "/var/spool/shop",
  },
  TELLTALE_SENTRY_SPOOL_MAX_SIZE: {
    text: "2000000",
    read: (c) => c.errors.spoolMaxBytes,
    value: 2_000_000,
  },
  TELLTALE_LOG_EVENTS: { text: "false", read: (c) => c.errors.logEvents, value: false },
  TELLTALE_BREADCRUMBS: {
    text: "query, log",
    read: (c) => c.errors.breadcrumbs,
    value: ["query", "log"],
  },
  TELLTALE_TRACE_URL: {
    text: "https://grafana.example/explore?trace={trace_id}",
    read: (c) => c.errors.traceUrl,
    value: "https://grafana.example/explore?trace={trace_id}",
  },
  TELLTALE_CRON_CHECK_INS: { text: "true", read: (c) => c.errors.cronCheckIns, value: true },

  TELLTALE_ALERT_URL: {
    text: "https://anna:s3cret@alerts.example/hook?key=1#top",
    read: (c) => c.alertReceiver,
    value: {
      url: "https://alerts.example/hook?key=1",
      headers: { authorization: `Basic ${Buffer.from("anna:s3cret").toString("base64")}` },
      format: "json",
    },
  },
  TELLTALE_REDACT: {
    text: "nationalId, user.*,items[*].code,/EMP-\\d{3,6}/i,-session_id,-/^test,/,email",
    read: (c) => c.redaction,
    value: {
      fields: ["nationalId", "user.*", "items[*].code"],
      exceptions: ["session_id"],
      patterns: [{ source: "EMP-\\d{3,6}", flags: "i" }],
      exceptionPatterns: [{ source: "^test,", flags: "" }],
      emailAddresses: true,
      ipAddresses: false,
    },
  },
  TELLTALE_DATA_COLLECTION: {
    text: "cookies, HTTPHeaders,cookies",
    read: (c) => c.errors.dataCollection,
    value: ["cookies", "httpHeaders"],
  },
  TELLTALE_ENV_CARRIER: {
    text: "FALSE",
    read: (c) => c.environmentCarrier,
    value: false,
  },
  TELLTALE_USER_FIELDS: {
    text: "id, email,id,größe",
    read: (c) => c.userFields,
    value: ["id", "email", "größe"],
  },

  OTEL_NODE_ENABLED_INSTRUMENTATIONS: {
    text: "http, pg,,http",
    read: (c) => c.instrumentations.enabled,
    value: ["http", "pg"],
  },
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: {
    text: "fs",
    read: (c) => c.instrumentations.disabled,
    value: ["fs"],
  },
  OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: {
    text: "GET,PURGE",
    read: (c) => c.knownMethods,
    value: ["GET", "PURGE"],
  },
  LAMBDA_TASK_ROOT: {
    text: "/var/task",
    otherVariables: { _HANDLER: "index.handler" },
    read: (c) => c.instrumentations.lambda?.taskRoot,
    value: "/var/task",
  },
  _HANDLER: {
    text: "index.handler",
    otherVariables: { LAMBDA_TASK_ROOT: "/var/task" },
    read: (c) => c.instrumentations.lambda?.handler,
    value: "index.handler",
  },

  OTEL_INSTRUMENTATION_AWS_LAMBDA_USE_GLOBAL_PROPAGATOR_FOR_SQS_EXTRACTION: option(
    "aws-lambda",
    "useGlobalPropagatorForSqsExtraction",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_AWS_SDK_SUPPRESS_INTERNAL_INSTRUMENTATION: option(
    "aws-sdk",
    "suppressInternalInstrumentation",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_AWS_SDK_SQS_EXTRACT_CONTEXT_PROPAGATION_FROM_PAYLOAD: option(
    "aws-sdk",
    "sqsExtractContextPropagationFromPayload",
    "True",
    true,
  ),
  OTEL_INSTRUMENTATION_CASSANDRA_DRIVER_ENHANCED_DATABASE_REPORTING: option(
    "cassandra-driver",
    "enhancedDatabaseReporting",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_CASSANDRA_DRIVER_MAX_QUERY_LENGTH: option(
    "cassandra-driver",
    "maxQueryLength",
    "100",
    100,
  ),
  OTEL_INSTRUMENTATION_DATALOADER_REQUIRE_PARENT_SPAN: option(
    "dataloader",
    "requireParentSpan",
    "false",
    false,
  ),
  OTEL_INSTRUMENTATION_DNS_ENABLED: option("dns", "enabled", "true", true),
  OTEL_INSTRUMENTATION_DNS_IGNORE_HOSTNAMES: option(
    "dns",
    "ignoreHostnames",
    "a.example, b.example",
    ["a.example", "b.example"],
  ),
  OTEL_INSTRUMENTATION_FS_ENABLED: option("fs", "enabled", "true", true),
  OTEL_INSTRUMENTATION_FS_REQUIRE_PARENT_SPAN: option("fs", "requireParentSpan", "true", true),
  OTEL_INSTRUMENTATION_GRAPHQL_SPANS: option("graphql", "spans", "true", true),
  OTEL_INSTRUMENTATION_GRPC_IGNORE_GRPC_METHODS: option("grpc", "ignoreGrpcMethods", "Check", [
    "Check",
  ]),
  OTEL_INSTRUMENTATION_MEMCACHED_ENHANCED_DATABASE_REPORTING: option(
    "memcached",
    "enhancedDatabaseReporting",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_MYSQL_ENHANCED_DATABASE_REPORTING: option(
    "mysql",
    "enhancedDatabaseReporting",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_NET_ENABLED: option("net", "enabled", "true", true),
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: option(
    "openai",
    "captureMessageContent",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_ORACLEDB_ENHANCED_DATABASE_REPORTING: option(
    "oracledb",
    "enhancedDatabaseReporting",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_ORACLEDB_REQUIRE_PARENT_SPAN: option(
    "oracledb",
    "requireParentSpan",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_PG_ADD_SQL_COMMENTER_COMMENT_TO_QUERIES: option(
    "pg",
    "addSqlCommenterCommentToQueries",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_PG_REQUIRE_PARENT_SPAN: option("pg", "requireParentSpan", "true", true),
  OTEL_INSTRUMENTATION_SOCKET_IO_MESSAGES: option("socket.io", "messages", "true", true),
  OTEL_INSTRUMENTATION_TEDIOUS_ENABLE_TRACE_CONTEXT_PROPAGATION: option(
    "tedious",
    "enableTraceContextPropagation",
    "true",
    true,
  ),
  OTEL_INSTRUMENTATION_WS_MESSAGES: option("ws", "messages", "true", true),
  OTEL_SEMCONV_STABILITY_OPT_IN: {
    text: "http,database",
    read: () => "stable names always",
    value: "stable names always",
  },

  TELLTALE_KEEP_SLOW_MS: { text: "250", read: (c) => c.traces.keepSlowMs, value: 250 },
  TELLTALE_FLUSH_TIMEOUT: { text: "2000", read: (c) => c.flushTimeoutMs, value: 2000 },
  TELLTALE_GRACEFUL_SHUTDOWN: {
    text: "25s,wait=5s",
    read: (c) => c.gracefulShutdown,
    value: { deadlineMs: 25_000, waitMs: 5000, readiness: "fail" },
  },
  TELLTALE_SIGNALS: { text: "sigterm", read: (c) => c.signals, value: ["SIGTERM"] },
  TELLTALE_METRICS_DROP: {
    text: "http.client.*, v8js.gc.duration",
    read: (c) => c.metrics.views?.drop,
    value: ["http.client.*", "v8js.gc.duration"],
  },
  TELLTALE_METRICS_RENAME: {
    text: "shop.orders=orders",
    read: (c) => c.metrics.views?.rename,
    value: [{ name: "shop.orders", value: "orders" }],
  },
  TELLTALE_METRICS_DROP_ATTRIBUTES: {
    text: "http.server.*:url.scheme,http.route; shop.*:tenant",
    read: (c) => c.metrics.views?.dropAttributes,
    value: [
      { name: "http.server.*", value: ["url.scheme", "http.route"] },
      { name: "shop.*", value: ["tenant"] },
    ],
  },
  TELLTALE_METRICS_BUCKETS: {
    text: "http.server.request.duration:0.1,0.5,1;shop.*:1,1e3",
    read: (c) => c.metrics.views?.buckets,
    value: [
      { name: "http.server.request.duration", value: [0.1, 0.5, 1] },
      { name: "shop.*", value: [1, 1000] },
    ],
  },
  TELLTALE_METRICS_CARDINALITY_LIMIT: {
    text: "5000,shop.*=100",
    read: (c) => c.metrics.views?.cardinalityLimits,
    value: [
      { name: "*", value: 5000 },
      { name: "shop.*", value: 100 },
    ],
  },
  TELLTALE_METRICS_EXPIRE_MS: {
    text: "3600000",
    read: (c) => c.metrics.views?.expireMs,
    value: 3_600_000,
  },
  TELLTALE_OTLP_ENDPOINTS: {
    text: "http://gateway-0:4318,http://gateway-1:4318/base",
    read: (c) => c.traces.otlp.gateways?.map(({ url }) => url),
    value: ["http://gateway-0:4318/v1/traces", "http://gateway-1:4318/base/v1/traces"],
  },
  TELLTALE_VIEWER: {
    text: "http://localhost:9465/",
    read: (c) => c.viewer.url,
    value: "http://localhost:9465",
  },
  TELLTALE_VIEWER_FORCE: { text: "true", read: (c) => c.viewer.isForced, value: true },
  TELLTALE_DEV_LOG: { text: "queries", read: (c) => c.viewer.requestLog, value: "queries" },
  TELLTALE_SERVER_TIMING: { text: "true", read: (c) => c.viewer.timingHeaders, value: true },
  TELLTALE_REPEATED_IGNORE: {
    text: "SELECT * FROM a*, src/reports/*",
    read: (c) => c.viewer.ignoredCalls,
    value: ["SELECT * FROM a*", "src/reports/*"],
  },
  TELLTALE_EDITOR: { text: "code", read: (c) => c.viewer.editor, value: "code" },
  TELLTALE_ACCESS_LOG: { text: "slow", read: (c) => c.logs.accessLog, value: "slow" },
  TELLTALE_SQL_LOG: { text: "true", read: (c) => c.logs.queries, value: true },
  TELLTALE_EVENT_LOOP_STALL_MS: { text: "0", read: (c) => c.metrics.stallMs, value: Infinity },
  TELLTALE_SLOW_REQUEST_MS: { text: "0", read: (c) => c.logs.slowRequestMs, value: Infinity },
  TELLTALE_CONSOLE_LOGS: { text: "all", read: (c) => c.logs.consoleLines, value: "all" },
  TELLTALE_METRICS_MERGE: {
    text: "queue.depth=sum, cache.*=Max,*=separate,",
    read: (c) => c.metrics.mergeRules,
    value: [
      { pattern: "queue.depth", rule: "sum" },
      { pattern: "cache.*", rule: "max" },
      { pattern: "*", rule: "separate" },
    ],
  },
  TELLTALE_LOG_LEVELS: {
    text: "api=debug, *=warn",
    read: (c) => c.logs.levels,
    value: [
      { name: "api", level: "debug" },
      { name: "*", level: "warn" },
    ],
  },
  TELLTALE_PROMETHEUS_TRANSLATION: {
    text: "No_Translation",
    read: (c) => c.metrics.prometheus.translation,
    value: "no_translation",
  },
  TELLTALE_PROMETHEUS_SCOPE_LABELS: {
    text: "all",
    read: (c) => c.metrics.prometheus.scopeLabels,
    value: "all",
  },
  TELLTALE_PROMETHEUS_RESOURCE_LABELS: {
    text: "service.name, k8s.pod.name",
    read: (c) => c.metrics.prometheus.resourceLabels,
    value: ["service.name", "k8s.pod.name"],
  },
  TELLTALE_PROMETHEUS_TARGET_INFO: {
    text: "false",
    read: (c) => c.metrics.prometheus.targetInfo,
    value: false,
  },
  TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS: {
    text: "true",
    read: (c) => c.metrics.prometheus.nativeHistograms,
    value: true,
  },
  TELLTALE_PROMETHEUS_CREATED: {
    text: "true",
    read: (c) => c.metrics.prometheus.created,
    value: true,
  },
  TELLTALE_METRICS_TOKEN: {
    text: "a-token-of-a-scraper",
    read: (c) => c.admin.access?.token,
    value: { text: "a-token-of-a-scraper" },
  },
  TELLTALE_METRICS_TOKEN_FILE: {
    text: "/run/secrets/token",
    read: (c) => c.admin.access?.token,
    value: { variable: "TELLTALE_METRICS_TOKEN_FILE", file: "/run/secrets/token" },
  },
  TELLTALE_METRICS_USERNAME: {
    text: "prometheus",
    otherVariables: { TELLTALE_METRICS_PASSWORD: "a-password-of-a-scraper" },
    read: (c) => c.admin.access?.user?.name,
    value: "prometheus",
  },
  TELLTALE_METRICS_PASSWORD: {
    text: "a-password-of-a-scraper",
    otherVariables: { TELLTALE_METRICS_USERNAME: "prometheus" },
    read: (c) => c.admin.access?.user?.password,
    value: { text: "a-password-of-a-scraper" },
  },
  TELLTALE_METRICS_PASSWORD_FILE: {
    text: "/run/secrets/password",
    otherVariables: { TELLTALE_METRICS_USERNAME: "prometheus" },
    read: (c) => c.admin.access?.user?.password,
    value: { variable: "TELLTALE_METRICS_PASSWORD_FILE", file: "/run/secrets/password" },
  },
  TELLTALE_PROBES_AUTH: {
    text: "true",
    otherVariables: { TELLTALE_METRICS_TOKEN: "a-token-of-a-scraper" },
    read: (c) => c.admin.access?.includesProbes,
    value: true,
  },
  TELLTALE_ADMIN_CERTIFICATE: {
    text: "/run/secrets/tls.crt",
    read: (c) => c.admin.tls?.certificate,
    value: "/run/secrets/tls.crt",
  },
  TELLTALE_ADMIN_KEY: {
    text: "/run/secrets/tls.key",
    read: (c) => c.admin.tls?.key,
    value: "/run/secrets/tls.key",
  },
  TELLTALE_ADMIN_TOKEN: {
    text: "a-token-of-an-operator",
    read: (c) => c.admin.token,
    value: "a-token-of-an-operator",
  },
  TELLTALE_PROFILING: {
    text: "on_demand",
    otherVariables: { TELLTALE_ADMIN_TOKEN: "a-token-of-an-operator" },
    read: (c) => c.profiling?.onDemand,
    value: true,
  },
  TELLTALE_PROFILING_EXPORT: {
    text: "pyroscope+https://anna:s3cret@profiles.example/team",
    otherVariables: { TELLTALE_PROFILING: "continuous" },
    read: (c) => c.profiling?.continuous,
    value: {
      kind: "pyroscope",
      url: "https://profiles.example/team/ingest",
      headers: { authorization: `Basic ${Buffer.from("anna:s3cret").toString("base64")}` },
    },
  },
  TELLTALE_PROFILING_EXPORT_HEADERS: {
    text: "X-Scope-OrgID=tenant,Authorization=Bearer%20abc",
    otherVariables: {
      TELLTALE_PROFILING: "continuous",
      TELLTALE_PROFILING_EXPORT: "https://anna:s3cret@profiles.example/files",
    },
    read: (c) => c.profiling?.continuous,
    value: {
      kind: "http",
      url: "https://profiles.example/files",
      headers: { "x-scope-orgid": "tenant", authorization: "Bearer abc" },
    },
  },
  TELLTALE_DEBUG_SECRET: {
    text: "a-secret-of-operators",
    read: (c) => c.logs.debugSecret,
    value: "a-secret-of-operators",
  },
  TELLTALE_LOG_BUFFER: { text: "debug", read: (c) => c.logs.bufferLevel, value: "debug" },
  TELLTALE_LOG_LEVEL_SIGNAL: {
    text: "SIGUSR2",
    read: (c) => c.logs.levelSignal,
    value: "SIGUSR2",
  },
  TELLTALE_LOG_FORMAT: { text: "text", read: (c) => c.logs.lineFormat, value: "text" },
  TELLTALE_LOG_DIR: {
    text: "/var/log/shop",
    read: (c) => c.logs.files?.folder,
    value: "/var/log/shop",
  },
  TELLTALE_LOG_MAX_SIZE: {
    text: "20MB,errors=1GiB",
    otherVariables: { TELLTALE_LOG_DIR: "logs" },
    read: (c) => [c.logs.files?.limits.application.maxBytes, c.logs.files?.limits.errors.maxBytes],
    value: [20_000_000, 2 ** 30],
  },
  TELLTALE_LOG_MAX_FILES: {
    text: "errors=30",
    otherVariables: { TELLTALE_LOG_DIR: "logs" },
    read: (c) => Object.values(c.logs.files?.limits ?? {}).map(({ maxBackups }) => maxBackups),
    value: [5, 30, 5, 10],
  },
  TELLTALE_LOG_DAILY: {
    text: "true",
    otherVariables: { TELLTALE_LOG_DIR: "logs" },
    read: (c) => c.logs.files?.daily,
    value: true,
  },
  TELLTALE_LOG_COMPRESS: {
    text: "true",
    otherVariables: { TELLTALE_LOG_DIR: "logs" },
    read: (c) => c.logs.files?.compress,
    value: true,
  },
  TELLTALE_MIDDLEWARE_SPANS: {
    text: "express,koa",
    read: (c) => c.instrumentations.options,
    value: { express: { middlewareSpans: true }, koa: { middlewareSpans: true } },
  },
  TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE: {
    text: "1000",
    read: (c) => c.metrics.maxBatchSize,
    value: 1000,
  },
  TELLTALE_BODY_SIZE_METRICS: { text: "false", read: (c) => c.metrics.bodySizes, value: false },
  TELLTALE_PIPELINE: { text: "sdk", read: (c) => c.pipeline, value: "sdk" },
  TELLTALE_DISABLED_RUNTIME_METRICS: {
    text: "host,container",
    read: (c) => c.metrics.disabledRuntimeMetrics,
    value: ["host", "container"],
  },
  TELLTALE_DOCTOR: {
    text: "/tmp/telltale-doctor",
    read: (c) => c.doctorFolder,
    value: "/tmp/telltale-doctor",
  },
  TELLTALE_EAGER: { text: "true", read: (c) => c.instrumentations.eager, value: true },
};

type Signal = "traces" | "metrics" | "logs";

/** The general OTLP variables and those of each signal. The PEM files are fixtures. */
function otlpExamples(part: string, signals: readonly Signal[]): Record<string, VariableExample> {
  const name = (end: string): string => `OTEL_EXPORTER_OTLP_${part}${end}`;
  const each = (read: (config: Config["traces"]["otlp"]) => unknown, value: unknown) => ({
    read: (config: Config): unknown => signals.map((signal) => read(config[signal].otlp)),
    value: signals.map(() => value),
  });
  const own = part !== "";
  return {
    [name("ENDPOINT")]: {
      text: "https://collector:4318/in",
      read: (config) => signals.map((signal) => config[signal].otlp.url),
      value: signals.map((signal) => `https://collector:4318/in${own ? "" : `/v1/${signal}`}`),
    },
    [name("PROTOCOL")]: { text: "http/json", ...each((otlp) => otlp.protocol, "http/json") },
    [name("HEADERS")]: {
      text: "Api-Key=a%2Cb,x=y",
      ...each((otlp) => otlp.headers, { "api-key": "a,b", x: "y" }),
    },
    [name("TIMEOUT")]: { text: "1234", ...each((otlp) => otlp.timeoutMs, 1234) },
    [name("COMPRESSION")]: { text: "GZIP", ...each((otlp) => otlp.compression, "gzip") },
    [name("CERTIFICATE")]: { text: pem("ca"), ...each((otlp) => otlp.tls.ca, pemText("ca")) },
    [name("CLIENT_CERTIFICATE")]: {
      text: pem("cert"),
      ...each((otlp) => otlp.tls.cert, pemText("cert")),
      otherVariables: { [name("CLIENT_KEY")]: pem("key") },
    },
    [name("CLIENT_KEY")]: {
      text: pem("key"),
      ...each((otlp) => otlp.tls.key, pemText("key")),
      otherVariables: { [name("CLIENT_CERTIFICATE")]: pem("cert") },
    },
    [name("INSECURE")]: {
      text: "true",
      ...each((otlp) => [otlp.insecure, otlp.url], [true, "http://collector:4317"]),
      otherVariables: {
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317",
      },
    },
  };
}

/** The path of a file that contains `pemText(name)`. */
function pem(name: string): string {
  return new URL(`./files/${name}.pem`, import.meta.url).pathname;
}

function pemText(name: string): string {
  return `-----BEGIN ${name.toUpperCase()}-----\nbm90IGEgcmVhbCBvbmU=\n-----END ${name.toUpperCase()}-----\n`;
}

function option(of: string, name: string, text: string, value: unknown): VariableExample {
  return { text, read: (c) => c.instrumentations.options[of]?.[name], value };
}
