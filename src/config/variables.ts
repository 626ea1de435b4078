import type { LoggerLevel } from "../api.ts";
import type {
  AccessLogRequests,
  AlertReceiver,
  BreadcrumbKind,
  ConsoleLines,
  DataCollectionName,
  DevelopmentLogLevel,
  ErrorPattern,
  ModuleReference,
  TerminationSignal,
  ExemplarFilterName,
  GracefulShutdownConfig,
  InstrumentRule,
  LevelSignal,
  LineFormat,
  LogLevel,
  LogLevelRule,
  MetricMergeRule,
  MiddlewareFramework,
  OtlpProtocol,
  PipelineName,
  ProfileDestination,
  ProfilingMode,
  PrometheusScopeLabels,
  PrometheusTranslation,
  PropagatorName,
  RedactionSetting,
  ResourceDetectorName,
  RuntimeMetricGroup,
  SamplerName,
  Temporality,
} from "./config.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  type InstrumentationOption,
  optionDefinitions,
  variableNameOf,
} from "./instrumentation-options.ts";
import type { KeyValues } from "./key-values.ts";
import * as types from "./value-types.ts";

/**
 * An environment variable: one that is supported, or one of the standard that is
 * not, with the reason. Nothing else in the environment is read. The table in
 * docs/variables.md is generated from these (`scripts/readme.ts`).
 *
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export interface Variable<out T = unknown> {
  readonly name: string;
  readonly group: VariableGroup;
  readonly valueType: types.ValueType<T>;
  /** The value where the variable is unset, blank or unusable. */
  readonly fallback: T;
  /** The fallback in words. */
  readonly default: string;
  /** One line for docs/variables.md. */
  readonly doc: string;
  /** The reason why a standard variable has no effect. */
  readonly unsupported: string | undefined;
}

export type VariableGroup =
  | "General"
  | "Resource"
  | "Traces"
  | "Metrics"
  | "Logs"
  | "OTLP"
  | "Errors (Sentry)"
  | "Instrumentations"
  | "Options of instrumentations"
  | "Telltale's own"
  | "Not supported";

const definitions: Variable[] = [];

/** All variables, in the order of docs/variables.md. */
export const variables: readonly Variable[] = definitions;

/* General */

export const sdkDisabled: Variable<boolean> = defineVariable({
  group: "General",
  name: "OTEL_SDK_DISABLED",
  valueType: types.flag,
  fallback: false,
  doc: "Switches telltale off: it loads nothing, patches nothing and opens no port.",
});

export const configFile: Variable<string | undefined> = defineVariable({
  group: "General",
  name: "OTEL_CONFIG_FILE",
  valueType: types.filePath,
  fallback: undefined,
  doc: "YAML file of OpenTelemetry's declarative configuration, in place of all other variables `OTEL_*` ([Configuration file](configuration-file.md)).",
});

export const logLevel: Variable<LogLevel> = defineVariable({
  group: "General",
  name: "OTEL_LOG_LEVEL",
  valueType: types.oneOf<LogLevel>(["none", "error", "warn", "info", "debug", "verbose", "all"]),
  fallback: "info",
  doc: "Level of telltale's own messages on stderr. `error` hides warnings, including the report of invalid variables; `none` hides everything.",
});

export const propagators: Variable<readonly PropagatorName[] | undefined> = defineVariable({
  group: "General",
  name: "OTEL_PROPAGATORS",
  valueType: types.someOf<PropagatorName>(
    ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "sentry"],
    { ottrace: "OpenTracing headers are obsolete" },
  ),
  fallback: undefined,
  default: "tracecontext,baggage",
  doc: "Propagation formats for trace context and baggage. With a Sentry DSN, the default also reads `sentry` headers.",
});

/* Resource */

export const serviceName: Variable<string | undefined> = defineVariable({
  group: "Resource",
  name: "OTEL_SERVICE_NAME",
  valueType: types.text,
  fallback: undefined,
  default: "`name` in the app's `package.json`",
  doc: "Sets `service.name`; takes precedence over `OTEL_RESOURCE_ATTRIBUTES`.",
});

export const resourceAttributes: Variable<KeyValues> = defineVariable({
  group: "Resource",
  name: "OTEL_RESOURCE_ATTRIBUTES",
  valueType: types.attributes,
  fallback: {},
  default: "none",
  doc: "Resource attributes, for example `service.version=1.2.3,deployment.environment.name=production`.",
});

export const resourceDetectors: Variable<readonly (ResourceDetectorName | "all")[]> =
  defineVariable({
    group: "Resource",
    name: "OTEL_NODE_RESOURCE_DETECTORS",
    valueType: types.someOf<ResourceDetectorName | "all">(
      ["env", "host", "os", "process", "serviceinstance", "container", "all"],
      {
        alibaba: "it needs network calls; use the Collector's detectors",
        aws: "it needs network calls; use the Collector's detectors",
        azure: "it needs network calls; use the Collector's detectors",
        gcp: "it needs network calls; use the Collector's detectors",
      },
    ),
    fallback: ["all"],
    doc: "Resource detectors to run.",
  });

export const nodeEnvironment: Variable<string | undefined> = defineVariable({
  group: "Resource",
  name: "NODE_ENV",
  valueType: types.text,
  fallback: undefined,
  doc: "Fallback for `deployment.environment.name`, if neither `OTEL_RESOURCE_ATTRIBUTES` nor `SENTRY_ENVIRONMENT` nor the platform sets it.",
});

/* Traces */

export const tracesExporter: Variable<readonly ("otlp" | "console")[]> = defineVariable({
  group: "Traces",
  name: "OTEL_TRACES_EXPORTER",
  valueType: types.someOf(["otlp", "console"], {
    zipkin: "Zipkin accepts OTLP",
    jaeger: "Jaeger accepts OTLP",
    logging: "deprecated; use console",
    "otlp/stdout": "not included",
  }),
  fallback: ["otlp"],
  doc: "Exporters for spans.",
});

export const tracesSampler: Variable<SamplerName | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_TRACES_SAMPLER",
  valueType: types.oneOf<SamplerName>(
    [
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ],
    {
      jaeger_remote: "remote sampling is not included",
      parentbased_jaeger_remote: "remote sampling is not included",
      xray: "remote sampling is not included",
    },
  ),
  fallback: undefined,
  default: "parentbased_always_on",
  doc: "Sampler for new traces. A trace with an error is exported even if it was not sampled.",
});

export const tracesSamplerArg: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_TRACES_SAMPLER_ARG",
  valueType: types.ratio,
  fallback: 1,
  doc: "Sampling ratio for `traceidratio` and `parentbased_traceidratio`.",
});

export const spanBatch: BatchVariables = defineBatchVariables("Traces", "OTEL_BSP", "spans", 5000);

export const attributeCount: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_ATTRIBUTE_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: 128,
  doc: "Maximum number of attributes per span and log record; excess ones are dropped and counted.",
});

export const attributeLength: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  valueType: types.integer(0),
  fallback: Infinity,
  doc: "Maximum length of an attribute value on a span or log record, in characters; longer values are truncated.",
});

export const spanAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
  doc: "Overrides `OTEL_ATTRIBUTE_COUNT_LIMIT` for spans.",
});

export const spanAttributeLength: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  valueType: types.integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
  doc: "Overrides `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` for spans.",
});

export const spanEventCount: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_EVENT_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: 128,
  doc: "Maximum number of events per span.",
});

export const spanLinkCount: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_LINK_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: 128,
  doc: "Maximum number of links per span.",
});

export const eventAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: undefined,
  default: "128",
  doc: "Maximum number of attributes per span event.",
});

export const linkAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: undefined,
  default: "128",
  doc: "Maximum number of attributes per span link.",
});

// The JavaScript SDK reads these names where the specification has the two above.
export const attributesPerEvent: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: 128,
  doc: "Alias of `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT` in the JavaScript SDK.",
});

export const attributesPerLink: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: 128,
  doc: "Alias of `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT` in the JavaScript SDK.",
});

/* Metrics */

export const metricsExporter: Variable<readonly ("prometheus" | "otlp" | "console")[]> =
  defineVariable({
    group: "Metrics",
    name: "OTEL_METRICS_EXPORTER",
    valueType: types.someOf(["prometheus", "otlp", "console"], {
      logging: "deprecated; use console",
      "otlp/stdout": "not included",
    }),
    fallback: ["prometheus"],
    doc: "Exporters for metrics.",
  });

export const prometheusHost: Variable<string> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_PROMETHEUS_HOST",
  valueType: types.text,
  fallback: "localhost",
  doc: "Host that the admin server (`/metrics`, `/healthz`) listens on; `0.0.0.0` makes it reachable from outside a container.",
});

export const prometheusPort: Variable<number> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_PROMETHEUS_PORT",
  valueType: types.integer(0, 65_535),
  fallback: 9464,
  doc: "Port of the admin server; 0 selects a free port.",
});

export const metricInterval: Variable<number> = defineVariable({
  group: "Metrics",
  name: "OTEL_METRIC_EXPORT_INTERVAL",
  // With an interval of 0 the process would do nothing but collect.
  valueType: types.duration(1),
  fallback: 60_000,
  doc: "Interval between two exports, in milliseconds; does not apply to Prometheus.",
});

export const metricTimeout: Variable<number | undefined> = defineVariable({
  group: "Metrics",
  name: "OTEL_METRIC_EXPORT_TIMEOUT",
  valueType: types.timeout,
  fallback: undefined,
  default: "30000",
  doc: "Timeout of one export, in milliseconds; at most the export interval.",
});

export const temporality: Variable<Temporality> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
  valueType: types.oneOf<Temporality>(["cumulative", "delta", "lowmemory"]),
  fallback: "cumulative",
  doc: "Aggregation temporality over OTLP: totals since the start (`cumulative`) or changes since the last export (`delta`).",
});

export const histogramAggregation: Variable<
  "explicit_bucket_histogram" | "base2_exponential_bucket_histogram"
> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
  valueType: types.oneOf(["explicit_bucket_histogram", "base2_exponential_bucket_histogram"]),
  fallback: "explicit_bucket_histogram",
  doc: "Aggregation of histograms over OTLP. For Prometheus, see `TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS`.",
});

export const exemplarFilter: Variable<ExemplarFilterName> = defineVariable({
  group: "Metrics",
  name: "OTEL_METRICS_EXEMPLAR_FILTER",
  valueType: types.oneOf<ExemplarFilterName>(["always_on", "always_off", "trace_based"]),
  fallback: "trace_based",
  doc: "Measurements that can become exemplars.",
});

/* Logs */

export const logsExporter: Variable<readonly ("otlp" | "console")[]> = defineVariable({
  group: "Logs",
  name: "OTEL_LOGS_EXPORTER",
  valueType: types.someOf(["otlp", "console"], {
    logging: "deprecated; use console",
    "otlp/stdout": "not included",
  }),
  fallback: ["otlp"],
  doc: "Exporters for log records; the app's own log output stays as it is.",
});

export const logRecordBatch: BatchVariables = defineBatchVariables(
  "Logs",
  "OTEL_BLRP",
  "records",
  1000,
);

export const logRecordAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Logs",
  name: "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
  valueType: types.integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
  doc: "Overrides `OTEL_ATTRIBUTE_COUNT_LIMIT` for log records.",
});

export const logRecordAttributeLength: Variable<number | undefined> = defineVariable({
  group: "Logs",
  name: "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  valueType: types.integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
  doc: "Overrides `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` for log records.",
});

/* OTLP */

export const otlp: OtlpVariables = defineOtlpVariables("", {
  protocol: "http/protobuf",
  endpoint: "`http://localhost:4318` (gRPC: `http://localhost:4317`)",
  timeout: "10000",
  compression: "none",
  insecure: "false",
  none: "none",
});

export const otlpBySignal: Readonly<Record<Signal, OtlpVariables>> = {
  traces: defineOtlpVariables("TRACES_"),
  metrics: defineOtlpVariables("METRICS_"),
  logs: defineOtlpVariables("LOGS_"),
};

/* Errors (Sentry) */

export const sentryDsn: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_DSN",
  valueType: types.dsn,
  fallback: undefined,
  doc: "DSN of the Sentry project. Without it, no Sentry code is loaded.",
});

export const sentryEnvironment: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_ENVIRONMENT",
  valueType: types.environment,
  fallback: undefined,
  default: "`deployment.environment.name`",
  doc: "Environment of Sentry events and sessions ([Releases](releases.md)).",
});

export const sentryRelease: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_RELEASE",
  valueType: types.release,
  fallback: undefined,
  default: "the detected release",
  doc: "Release of Sentry events and sessions ([Releases](releases.md)). Its version is also `service.version`.",
});

export const sentrySampleRate: Variable<number> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_SAMPLE_RATE",
  valueType: types.ratio,
  fallback: 1,
  doc: "Share of error events that is sent.",
});

export const ignoreErrors: Variable<readonly ErrorPattern[]> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_IGNORE_ERRORS",
  valueType: types.errorPatterns,
  fallback: [],
  doc: "Errors that are not reported, by text, class, code or regular expression: `ECONNRESET,/^timeout/i` ([Filters](error-filters.md)).",
});

export const ignoreTransactions: Variable<readonly string[]> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_IGNORE_TRANSACTIONS",
  valueType: types.routePatterns,
  fallback: [],
  doc: "Routes whose errors are not reported: `GET /health,/internal/*`.",
});

export const beforeSend: Variable<ModuleReference | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_BEFORE_SEND",
  valueType: types.moduleReference,
  fallback: undefined,
  doc: "Module that exports `beforeSend`, which changes or drops events ([Filters](error-filters.md#your-own-filter)).",
});

export const repeatedErrors: Variable<number> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_REPEATED_ERRORS",
  valueType: types.integer(0),
  fallback: 100,
  doc: "Maximum number of events of one error per minute; beyond it one each 5 seconds. `0`: no limit.",
});

export const sentryTracesSampleRate: Variable<number | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_TRACES_SAMPLE_RATE",
  valueType: types.ratio,
  fallback: undefined,
  doc: "If `OTEL_TRACES_SAMPLER` is unset, selects `parentbased_traceidratio` with this ratio.",
});

export const sentryDebug: Variable<boolean> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_DEBUG",
  valueType: types.flag,
  fallback: false,
  doc: "Turns on the debug output of the Sentry client.",
});

export const sentrySpotlight: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_SPOTLIGHT",
  valueType: types.spotlight,
  fallback: undefined,
  doc: "For development: sends events to [Spotlight](https://spotlightjs.com/) too, also without a DSN. `1` is `http://localhost:8969/stream`.",
});

export const sentrySessions: Variable<boolean> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_SENTRY_SESSIONS",
  valueType: types.flag,
  fallback: true,
  doc: "Counts requests by their result for Sentry's release health. Needs a release.",
});

export const sentryOrgUrl: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_ORG_URL",
  valueType: types.orgUrl,
  fallback: undefined,
  doc: "Address of the Sentry organization, such as `https://acme.sentry.io`: adds the address of an event to the span that failed.",
});

export const logEvents: Variable<boolean> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_LOG_EVENTS",
  valueType: types.flag,
  fallback: true,
  doc: "Sends each `Error` that the app logs at level `error` or above to Sentry. All other lines are breadcrumbs.",
});

export const breadcrumbs: Variable<readonly BreadcrumbKind[]> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_BREADCRUMBS",
  valueType: types.someOf<BreadcrumbKind>(["log", "http", "query"]),
  fallback: ["log", "http", "query"],
  doc: "Breadcrumbs that Sentry events have: log lines, outgoing HTTP calls, database queries.",
});

export const traceUrl: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_TRACE_URL",
  valueType: types.traceUrl,
  fallback: undefined,
  doc: "Address of a trace in your back end, added to Sentry events. `{trace_id}` is required; `{span_id}`, `{service}` and `{timestamp}` (milliseconds since 1970) are optional.",
});

export const cronCheckIns: Variable<boolean> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_CRON_CHECK_INS",
  valueType: types.flag,
  fallback: false,
  doc: "Sends check-ins of scheduled jobs (node-cron, croner, BullMQ) to Sentry and creates their monitors, which Sentry bills ([Monitors](queues.md#monitors-in-sentry)).",
});

export const dataCollection: Variable<readonly DataCollectionName[]> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_DATA_COLLECTION",
  valueType: types.dataCollection,
  fallback: [],
  default: "none",
  doc: "Data of the request on events, with secrets masked ([Data of an event](error-data.md)).",
});

export const spoolDir: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_SENTRY_SPOOL_DIR",
  valueType: types.text,
  fallback: undefined,
  doc: "Folder for events that wait for the end of an outage of Sentry ([Delivery](error-delivery.md)).",
});

export const spoolMaxSize: Variable<number> = defineVariable({
  group: "Errors (Sentry)",
  name: "TELLTALE_SENTRY_SPOOL_MAX_SIZE",
  // The largest event has 1 MB.
  valueType: types.integer(1_000_000),
  fallback: 32_000_000,
  doc: "Maximum size of these events, in bytes. The oldest are dropped and counted.",
});

/* Instrumentations */

export const enabledInstrumentations: Variable<readonly string[] | undefined> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_NODE_ENABLED_INSTRUMENTATIONS",
  valueType: types.names,
  fallback: undefined,
  default: "all",
  doc: "Instrumentations to enable, for example `http,pg`; all others are off.",
});

export const disabledInstrumentations: Variable<readonly string[]> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_NODE_DISABLED_INSTRUMENTATIONS",
  valueType: types.names,
  fallback: [],
  doc: "Instrumentations to disable.",
});

// Name and format are required by the HTTP semantic conventions.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
export const knownMethods: Variable<readonly string[]> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS",
  valueType: types.names,
  fallback: [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "QUERY",
  ],
  doc: "HTTP methods recorded by name on spans and metrics; any other is recorded as `_OTHER`.",
});

export const semconvOptIn: Variable<readonly string[]> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_SEMCONV_STABILITY_OPT_IN",
  valueType: types.optIn,
  fallback: [],
  doc: "Only the stable names are emitted; `http/dup` and `database/dup` are not supported.",
});

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
export const lambdaTaskRoot: Variable<string | undefined> = defineVariable({
  group: "Instrumentations",
  name: "LAMBDA_TASK_ROOT",
  valueType: types.text,
  fallback: undefined,
  doc: "Set by AWS Lambda: folder of the function's code.",
});

export const lambdaHandler: Variable<string | undefined> = defineVariable({
  group: "Instrumentations",
  name: "_HANDLER",
  valueType: types.text,
  fallback: undefined,
  doc: "Set by AWS Lambda: file and export of the handler. The handler is instrumented if both variables are set.",
});

/* Options of instrumentations */

export const instrumentationOptions: readonly (InstrumentationOption & {
  readonly variable: Variable;
})[] = optionDefinitions.map((option) => ({
  ...option,
  variable: defineVariable({
    group: "Options of instrumentations",
    name: variableNameOf(option),
    valueType: option.valueType,
    fallback: undefined,
    default: option.default,
    doc: option.doc,
  }),
}));

/* Telltale's own */

export const keepSlowMs: Variable<number | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_KEEP_SLOW_MS",
  valueType: types.duration(0),
  fallback: undefined,
  doc: "Exports every trace whose local root span takes longer than this, in milliseconds, sampled or not.",
});

export const droppedInstruments: Variable<readonly string[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_DROP",
  valueType: types.instrumentPatterns,
  fallback: [],
  default: "none",
  doc: "Metrics that are not recorded, by their OpenTelemetry names: `http.client.*,v8js.*`.",
});

export const renamedInstruments: Variable<readonly InstrumentRule<string>[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_RENAME",
  valueType: types.instrumentNames,
  fallback: [],
  default: "none",
  doc: "New names of metrics: `shop.orders=orders`.",
});

export const droppedAttributes: Variable<readonly InstrumentRule<readonly string[]>[]> =
  defineVariable({
    group: "Telltale's own",
    name: "TELLTALE_METRICS_DROP_ATTRIBUTES",
    valueType: types.instrumentAttributes,
    fallback: [],
    default: "none",
    doc: "Attributes (labels) that metrics do without: `http.server.request.duration:url.scheme;shop.*:tenant,region`.",
  });

export const histogramBuckets: Variable<readonly InstrumentRule<readonly number[]>[]> =
  defineVariable({
    group: "Telltale's own",
    name: "TELLTALE_METRICS_BUCKETS",
    valueType: types.instrumentBuckets,
    fallback: [],
    default: "none",
    doc: "Upper limits of the buckets of histograms: `http.server.request.duration:0.1,0.5,1;shop.*:1,10,100`.",
  });

export const cardinalityLimits: Variable<readonly InstrumentRule<number>[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_CARDINALITY_LIMIT",
  valueType: types.cardinalityLimits,
  fallback: [],
  default: "`2000`",
  doc: "Maximum number of series of each metric, or of single ones: `5000,http.client.*=500`. Further ones are counted together, with the label `otel_metric_overflow`.",
});

export const expireMs: Variable<number | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_EXPIRE_MS",
  valueType: types.duration(1000),
  fallback: undefined,
  default: "none",
  doc: "Removes a series that had no measurement for this long, in milliseconds; at least twice the interval of exports applies.",
});

export const flushTimeoutMs: Variable<number> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_FLUSH_TIMEOUT",
  valueType: types.duration(0),
  // With the capture of a fatal error, the start and end of the thread that sends, and the
  // end of the process, the delay stays below a second.
  fallback: 800,
  doc: "Maximum time that the end of the process waits for receivers, in milliseconds. The preparation and the end of the process take up to 200 ms more.",
});

export const userFields: Variable<readonly string[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_USER_FIELDS",
  valueType: types.userFields,
  fallback: [],
  default: "none",
  doc: "Fields of the framework's user (such as `req.user`) for events, log lines and spans ([Data of an event](error-data.md)).",
});

export const terminationSignals: Variable<readonly TerminationSignal[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_SIGNALS",
  valueType: types.someOf<TerminationSignal>(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]),
  fallback: ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"],
  default: "all of them",
  doc: "Signals on which telltale flushes unsent telemetry before the process dies, unless the app has its own listener. `none`: telltale never listens, and unsent telemetry is lost.",
});

export const environmentCarrier: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_ENV_CARRIER",
  valueType: types.flag,
  fallback: true,
  doc: "Whether child processes and worker threads receive the trace, in `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, and whether a process that is started with these continues it ([Child processes](child-processes.md)).",
});

export const gracefulShutdown: Variable<GracefulShutdownConfig | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_GRACEFUL_SHUTDOWN",
  valueType: types.gracefulShutdown,
  fallback: undefined,
  default: "`false`",
  doc: "Ends the process in order at SIGTERM and SIGINT ([Graceful shutdown](process.md#graceful-shutdown)), within a deadline: `25s`, or `true` for that. Further entries: `wait=10s` until servers close, and `readiness=keep`, so that `/readyz` does not fail.",
});

export const alertUrl: Variable<AlertReceiver | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_ALERT_URL",
  valueType: types.alertUrl,
  fallback: undefined,
  default: "no alerts",
  doc: "Incoming webhook of Slack, or any other address that takes a POST of JSON, for [alerts](alerts.md). A secret.",
});

export const redaction: Variable<RedactionSetting> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_REDACT",
  valueType: types.redaction,
  fallback: {
    config: {
      ...{ fields: [], exceptions: [], patterns: [], exceptionPatterns: [] },
      ...{ emailAddresses: false, ipAddresses: false },
    },
  },
  default: "the policy of [Redaction](redaction.md)",
  doc: "Names and paths of further secret fields (`nationalId,user.*`), patterns of secrets in texts (`/EMP-\\d{6}/i`, in the syntax of RE2), exceptions from all of them (`-session_id`), and the classes `email` and `ip`. `none`: only URLs are redacted ([Redaction](redaction.md)).",
});

export const gateways: Variable<readonly Endpoint[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_OTLP_ENDPOINTS",
  valueType: types.endpoints,
  fallback: [],
  default: "`OTEL_EXPORTER_OTLP_ENDPOINT`",
  doc: "Endpoints of several Collector gateways; every service sends a given trace to the same one ([Several gateways](scaling.md)). A signal-specific endpoint takes precedence.",
});

export const logDir: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_DIR",
  valueType: types.text,
  fallback: undefined,
  doc: "Folder of the [log files](log-files.md) `application.log`, `errors.log`, `performance.log` and `security.log`.",
});

export const logMaxSize: Variable<types.PerLogFile> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_MAX_SIZE",
  valueType: types.logFileSizes,
  fallback: {},
  default: "10MB",
  doc: "Size from which a log file is rotated: for all files (`20MB`), or by file (`20MB,errors=1GB`). `0`: no limit.",
});

export const logMaxFiles: Variable<types.PerLogFile> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_MAX_FILES",
  valueType: types.logFileCounts,
  fallback: {},
  default: "application=5,errors=10,performance=5,security=10",
  doc: "Number of rotated files to keep, for all files or by file.",
});

export const logDaily: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_DAILY",
  valueType: types.flag,
  fallback: false,
  doc: "Also rotates the log files at each new day (UTC).",
});

export const logCompress: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_COMPRESS",
  valueType: types.flag,
  fallback: false,
  doc: "Compresses rotated log files with gzip.",
});

export const consoleLines: Variable<ConsoleLines> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_CONSOLE_LOGS",
  valueType: types.oneOf<ConsoleLines>(["active", "all"]),
  fallback: "active",
  doc: "Console output that becomes log records: only while a span is active, or all of it. To turn it off, set `OTEL_NODE_DISABLED_INSTRUMENTATIONS=console`.",
});

export const metricMergeRules: Variable<readonly MetricMergeRule[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_MERGE",
  valueType: types.metricMergeRules,
  fallback: [],
  default: "by metric",
  doc: "How the page of a cluster merges its processes, by metric, for example `queue.depth=sum,cache.*=max`; `separate` adds the label `process_pid`, and `*=separate` adds it to all.",
});

export const logLevels: Variable<readonly LogLevelRule[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_LEVELS",
  valueType: types.logLevelRules,
  fallback: [],
  default: "`*=info`",
  doc: "Levels of the loggers of `telltale/logger`, by name: `api=debug,*=info`. The rule of `api` applies to `api.cache` too.",
});

export const prometheusTranslation: Variable<PrometheusTranslation> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROMETHEUS_TRANSLATION",
  valueType: types.oneOf<PrometheusTranslation>([
    "underscore_escaping_with_suffixes",
    "underscore_escaping_without_suffixes",
    "no_utf8_escaping_with_suffixes",
    "no_translation",
  ]),
  fallback: "underscore_escaping_with_suffixes",
  doc: "Names on the Prometheus page: with underscores or as they are, with or without unit and `_total`.",
});

export const prometheusScopeLabels: Variable<PrometheusScopeLabels> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROMETHEUS_SCOPE_LABELS",
  valueType: types.oneOf<PrometheusScopeLabels>(["others", "all", "none"]),
  fallback: "others",
  doc: "Metrics on the Prometheus page with the labels `otel_scope_*`: those of the app and its libraries (`others`), or also telltale's own.",
});

export const prometheusResourceLabels: Variable<readonly string[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROMETHEUS_RESOURCE_LABELS",
  valueType: types.names,
  fallback: [],
  doc: "Resource attributes that every sample of the Prometheus page has as labels: `service.name,deployment.environment.name`.",
});

export const prometheusTargetInfo: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROMETHEUS_TARGET_INFO",
  valueType: types.flag,
  fallback: true,
  doc: "Whether the Prometheus page has `target_info`, with all resource attributes as labels.",
});

export const prometheusCreated: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROMETHEUS_CREATED",
  valueType: types.flag,
  fallback: false,
  doc: "Whether the OpenMetrics page has a `_created` sample with the start time of each counter and histogram.",
});

export const prometheusNativeHistograms: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS",
  valueType: types.flag,
  fallback: false,
  doc: "Whether histograms have the buckets of native histograms too, for a Prometheus that asks for protobuf.",
});

export const adminToken: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_ADMIN_TOKEN",
  valueType: types.secret,
  fallback: undefined,
  doc: "Bearer token of the pages of the admin server that change something: `/loggers`, the levels of loggers, `/warm`, for `telltale warm`, and `/profile`, for `telltale profile`. Without it they are closed.",
});

export const profiling: Variable<readonly ProfilingMode[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROFILING",
  valueType: types.someOf<ProfilingMode>(["on_demand", "continuous"]),
  fallback: [],
  doc: "Profiles of the app in production ([Profiling](profiling.md)). `on_demand`: the admin server records CPU and heap profiles for `telltale profile`, with `TELLTALE_ADMIN_TOKEN`. `continuous`: one each minute, by the app's `@datadog/pprof`, to `TELLTALE_PROFILING_EXPORT`.",
});

export const profilingExport: Variable<ProfileDestination | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROFILING_EXPORT",
  valueType: types.profileDestination,
  fallback: undefined,
  default: "no export",
  doc: "Where continuous profiles go: a folder, an address that takes a POST of a pprof file, or Pyroscope (`pyroscope+https://host`).",
});

export const profilingExportHeaders: Variable<KeyValues> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROFILING_EXPORT_HEADERS",
  valueType: types.headers,
  fallback: {},
  default: "none",
  doc: "Headers of its requests.",
});

export const metricsToken: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_TOKEN",
  valueType: types.secret,
  fallback: undefined,
  doc: "Bearer token that requests for the pages of the admin server must have, except for those of probes.",
});

export const metricsTokenFile: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_TOKEN_FILE",
  valueType: types.filePath,
  fallback: undefined,
  doc: "File with the token; it is read again when it has changed.",
});

export const metricsUsername: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_USERNAME",
  valueType: types.text,
  fallback: undefined,
  doc: "User of basic authentication for these pages, with `TELLTALE_METRICS_PASSWORD`.",
});

export const metricsPassword: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_PASSWORD",
  valueType: types.secret,
  fallback: undefined,
  doc: "Password of that user.",
});

export const metricsPasswordFile: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_PASSWORD_FILE",
  valueType: types.filePath,
  fallback: undefined,
  doc: "File with the password; it is read again when it has changed.",
});

export const probesAuth: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PROBES_AUTH",
  valueType: types.flag,
  fallback: false,
  doc: "Whether `/livez`, `/readyz` and `/healthz` require the same credentials.",
});

export const adminCertificate: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_ADMIN_CERTIFICATE",
  valueType: types.filePath,
  fallback: undefined,
  doc: "PEM file with the certificate of the admin server, which then speaks HTTPS only; it is read again when it has changed.",
});

export const adminKey: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_ADMIN_KEY",
  valueType: types.filePath,
  fallback: undefined,
  doc: "PEM file with the private key of that certificate.",
});

export const levelSignal: Variable<LevelSignal | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_LEVEL_SIGNAL",
  valueType: types.oneOf<LevelSignal>(["SIGUSR2", "SIGHUP"]),
  fallback: undefined,
  doc: "Signal that sets all loggers to level `debug` for ten minutes; a second one ends that.",
});

export const debugSecret: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_DEBUG_SECRET",
  valueType: types.secret,
  fallback: undefined,
  doc: "Secret of the signed header `x-telltale-debug`, with which one request gets its lines of level `debug`.",
});

export const bufferLevel: Variable<LoggerLevel | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_BUFFER",
  valueType: types.oneOf<LoggerLevel>(["info", "http", "verbose", "debug", "silly", "trace"]),
  fallback: undefined,
  doc: "Level from which lines below the level of their logger are kept in memory until the end of their request or job, and written only if that fails or is slow ([Debug lines only of what failed](logger.md#debug-lines-only-of-what-failed)).",
});

export const lineFormat: Variable<LineFormat | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_LOG_FORMAT",
  valueType: types.oneOf<LineFormat>(["json", "text"]),
  fallback: undefined,
  default:
    "`text` on a terminal and with `NODE_ENV=development`, `json` otherwise and with `NODE_ENV=production`",
  doc: "Form of the lines of `telltale/logger`: JSON, or readable text.",
});

export const accessLog: Variable<AccessLogRequests> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_ACCESS_LOG",
  valueType: types.oneOf<AccessLogRequests>(["off", "all", "slow", "errors"]),
  fallback: "off",
  doc: "Requests with a line in the access log, on stdout and as a log record ([Access log](access-log.md)).",
});

export const slowRequestMs: Variable<number> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_SLOW_REQUEST_MS",
  valueType: types.duration(0),
  fallback: 2000,
  doc: "Duration from which a request is slow, in milliseconds: it gets a warning as a log record. `0`: no request is.",
});

export const stallMs: Variable<number> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_EVENT_LOOP_STALL_MS",
  valueType: types.duration(0),
  fallback: 100,
  doc: "Time from which code that blocks the event loop is a [stall](metrics.md#event-loop-stalls), in milliseconds: a metric by route, and an event with the stack on the span. `0`: off.",
});

export const sqlLog: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_SQL_LOG",
  valueType: types.flag,
  fallback: false,
  doc: "For development: logs each query with its duration, on stdout and as a log record ([SQL log](access-log.md#sql-log)).",
});

export const metricMaxExportBatchSize: Variable<number | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE",
  valueType: types.integer(1),
  fallback: undefined,
  default: "no limit",
  doc: "Maximum number of data points per request over OTLP; a collection with more takes several.",
});

export const bodySizeMetrics: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_BODY_SIZE_METRICS",
  valueType: types.flag,
  fallback: true,
  doc: "Records the sizes of request and response bodies of the HTTP server as metrics.",
});

export const disabledRuntimeMetrics: Variable<readonly RuntimeMetricGroup[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_DISABLED_RUNTIME_METRICS",
  valueType: types.someOf<RuntimeMetricGroup>([
    "event_loop",
    "gc",
    "heap",
    "resources",
    "process",
    "host",
    "container",
    "telemetry",
  ]),
  fallback: [],
  default: "none",
  doc: "Groups of metrics of the runtime and the machine that are left out.",
});

export const eagerLoading: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_EAGER",
  valueType: types.flag,
  fallback: false,
  doc: "Loads all instrumentations at start instead of on first use.",
});

export const doctorFolder: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_DOCTOR",
  valueType: types.text,
  fallback: undefined,
  default: "none",
  doc: "Set by [`telltale doctor`](doctor.md): the folder to which the preload reports.",
});

export const extension: Variable<ModuleReference | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_EXTENSION",
  valueType: types.moduleReference,
  fallback: undefined,
  default: "`telltale.config.js` beside the app's `package.json`",
  doc: "Module with span processors, samplers, hooks and other parts of your own ([Your own components](extension.md)). `none`: none is loaded.",
});

export const pipeline: Variable<PipelineName> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_PIPELINE",
  valueType: types.oneOf<PipelineName>(["telltale", "sdk"]),
  fallback: "telltale",
  doc: "What records and exports. With `sdk` it is [the SDK of OpenTelemetry](pipeline-sdk.md) with its processors and exporters, which is slower.",
});

export const viewer: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_VIEWER",
  valueType: types.loopbackUrl,
  fallback: undefined,
  default: "no viewer",
  doc: "Address of the [viewer](viewer.md), which then receives all spans, log records and metrics, in addition to other exporters. Without an endpoint and an exporter of their own, traces and log records are sent to the viewer only. Set by `telltale dev`.",
});

export const viewerForce: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_VIEWER_FORCE",
  valueType: types.flag,
  fallback: false,
  doc: "Whether `TELLTALE_VIEWER` is effective under `NODE_ENV=production` too.",
});

export const developmentLog: Variable<DevelopmentLogLevel | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_DEV_LOG",
  valueType: types.oneOf<DevelopmentLogLevel>(["requests", "queries"]),
  fallback: undefined,
  doc: "For development: `requests` writes a line for each request or job to stderr, with its queries, and marks slow, repeated and failed ones; `queries` a line for each query too, with its parameters ([Log for development](development-log.md)). Without effect under `NODE_ENV=production`.",
});

export const timingHeaders: Variable<boolean | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_SERVER_TIMING",
  valueType: types.flag,
  fallback: undefined,
  default: "`true` with `TELLTALE_VIEWER`, else `false`",
  doc: "For development: whether responses have [headers with their times](viewer-n1.md#response-headers). Without effect under `NODE_ENV=production`.",
});

export const repeatedIgnore: Variable<readonly string[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_REPEATED_IGNORE",
  valueType: types.callPatterns,
  fallback: [],
  default: "none",
  doc: "Repeated calls that the viewer [does not report](viewer-n1.md#ignore-a-call), for example `SELECT * FROM settings*,src/reports/*`.",
});

export const viewerEditor: Variable<string | undefined> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_EDITOR",
  valueType: types.text,
  fallback: undefined,
  default: "`LAUNCH_EDITOR`, `VISUAL`, `EDITOR`, or an editor that runs",
  doc: "Command of the editor in which the viewer opens source files. Read by `telltale dev`.",
});

export const middlewareSpanFrameworks: Variable<readonly MiddlewareFramework[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_MIDDLEWARE_SPANS",
  valueType: types.someOf<MiddlewareFramework>([
    "express",
    "fastify",
    "hapi",
    "hono",
    "koa",
    "next",
  ]),
  fallback: [],
  default: "none",
  doc: "Frameworks whose middleware, hooks and handlers get a span each. These spans cost more than all other telemetry of a request.",
});

/* Not supported */

const unsupportedReasons: Readonly<Record<string, string>> = {
  OTEL_EXPERIMENTAL_CONFIG_FILE: "the name before version 1.0; use OTEL_CONFIG_FILE",
  OTEL_ENTITIES: "in development; use OTEL_RESOURCE_ATTRIBUTES",
  OTEL_EXPORTER_OTLP_SPAN_INSECURE: "obsolete; use OTEL_EXPORTER_OTLP_TRACES_INSECURE",
  OTEL_EXPORTER_OTLP_METRIC_INSECURE: "obsolete; use OTEL_EXPORTER_OTLP_METRICS_INSECURE",
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: "deprecated; Zipkin accepts OTLP",
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: "deprecated; Zipkin accepts OTLP",
  OTEL_EXPORTER_ZIPKIN_PROTOCOL: "deprecated; Zipkin accepts OTLP",
  OTEL_EXPORTER_JAEGER_AGENT_HOST: "removed from the specification; Jaeger accepts OTLP",
  OTEL_EXPORTER_JAEGER_AGENT_PORT: "removed from the specification; Jaeger accepts OTLP",
  OTEL_EXPORTER_JAEGER_ENDPOINT: "removed from the specification; Jaeger accepts OTLP",
  OTEL_EXPORTER_JAEGER_PROTOCOL: "removed from the specification; Jaeger accepts OTLP",
  OTEL_EXPORTER_JAEGER_TIMEOUT: "removed from the specification; Jaeger accepts OTLP",
  OTEL_EXPORTER_JAEGER_USER: "removed from the specification; Jaeger accepts OTLP",
  OTEL_EXPORTER_JAEGER_PASSWORD: "removed from the specification; Jaeger accepts OTLP",
};

for (const [name, reason] of Object.entries(unsupportedReasons)) {
  definitions.push({
    name,
    group: "Not supported",
    valueType: types.ignored,
    fallback: undefined,
    default: "",
    doc: `No effect: ${reason}.`,
    unsupported: reason,
  });
}

export type Signal = "traces" | "metrics" | "logs";

/** `OTEL_BSP_*` or `OTEL_BLRP_*`. */
export interface BatchVariables {
  readonly scheduleDelay: Variable<number>;
  readonly exportTimeout: Variable<number>;
  readonly maxQueueSize: Variable<number>;
  readonly maxExportBatchSize: Variable<number | undefined>;
}

function defineBatchVariables(
  group: VariableGroup,
  prefix: string,
  itemsName: string,
  delay: number,
): BatchVariables {
  return {
    scheduleDelay: defineVariable({
      group,
      name: `${prefix}_SCHEDULE_DELAY`,
      valueType: types.duration(0),
      fallback: delay,
      doc: "Delay between two exports, in milliseconds.",
    }),
    exportTimeout: defineVariable({
      group,
      name: `${prefix}_EXPORT_TIMEOUT`,
      valueType: types.timeout,
      fallback: 30_000,
      doc: "Timeout of one export, in milliseconds.",
    }),
    maxQueueSize: defineVariable({
      group,
      name: `${prefix}_MAX_QUEUE_SIZE`,
      valueType: types.integer(1),
      fallback: 2048,
      doc: `Maximum number of queued ${itemsName}; further ones are dropped and counted.`,
    }),
    maxExportBatchSize: defineVariable({
      group,
      name: `${prefix}_MAX_EXPORT_BATCH_SIZE`,
      valueType: types.integer(1),
      fallback: undefined,
      default: "512",
      doc: `Maximum number of ${itemsName} per export; at most the queue size.`,
    }),
  };
}

/** `OTEL_EXPORTER_OTLP_*`, for all signals or for one. */
export interface OtlpVariables {
  readonly endpoint: Variable<Endpoint | undefined>;
  readonly protocol: Variable<OtlpProtocol | undefined>;
  readonly headers: Variable<KeyValues>;
  readonly timeout: Variable<number | undefined>;
  readonly compression: Variable<"gzip" | "none" | undefined>;
  readonly ca: Variable<string | undefined>;
  readonly cert: Variable<string | undefined>;
  readonly key: Variable<string | undefined>;
  readonly insecure: Variable<boolean | undefined>;
}

interface OtlpDefaults {
  readonly protocol: string;
  readonly endpoint: string;
  readonly timeout: string;
  readonly compression: string;
  readonly insecure: string;
  /** The default of headers and files. */
  readonly none: string;
}

/** Defines the nine variables of one signal, or the general ones. */
// oxlint-disable-next-line eslint/max-lines-per-function -- It is a table.
function defineOtlpVariables(namePrefix: string, defaults?: OtlpDefaults): OtlpVariables {
  const signal = namePrefix.slice(0, -1).toLowerCase();
  const common = (name: string, defaultText: string | undefined, doc: string): OtlpDefinition => ({
    group: "OTLP",
    name: `OTEL_EXPORTER_OTLP_${namePrefix}${name}`,
    fallback: undefined,
    default: defaultText ?? `\`OTEL_EXPORTER_OTLP_${name}\``,
    doc: defaults === undefined ? `Overrides \`OTEL_EXPORTER_OTLP_${name}\` for ${signal}.` : doc,
  });
  const address = defaults === undefined ? signalEndpointTexts(signal) : {};
  return {
    endpoint: defineVariable({
      ...common(
        "ENDPOINT",
        defaults?.endpoint,
        "Base URL of the Collector or back end; `/v1/traces`, `/v1/metrics` and `/v1/logs` are appended.",
      ),
      ...address,
      valueType: types.endpoint,
    }),
    protocol: defineVariable({
      ...common("PROTOCOL", defaults?.protocol, "Transport protocol."),
      valueType: types.oneOf<OtlpProtocol>(["http/protobuf", "http/json", "grpc"]),
    }),
    headers: defineVariable({
      ...common("HEADERS", defaults?.none, "Headers added to every export request."),
      valueType: types.headers,
      fallback: {},
    }),
    timeout: defineVariable({
      ...common(
        "TIMEOUT",
        defaults?.timeout,
        "Timeout of one export including its retries, in milliseconds.",
      ),
      valueType: types.timeout,
    }),
    compression: defineVariable({
      ...common("COMPRESSION", defaults?.compression, "Compression of export requests."),
      valueType: types.oneOf<"gzip" | "none">(["gzip", "none"]),
    }),
    ca: defineVariable({
      ...common("CERTIFICATE", defaults?.none, "CA certificate that verifies the server."),
      valueType: types.pemFile,
    }),
    cert: defineVariable({
      ...common("CLIENT_CERTIFICATE", defaults?.none, "Client certificate for mutual TLS."),
      valueType: types.pemFile,
    }),
    key: defineVariable({
      ...common("CLIENT_KEY", defaults?.none, "Private key of the client certificate."),
      valueType: types.pemFile,
    }),
    insecure: defineVariable({
      ...common(
        "INSECURE",
        defaults?.insecure,
        "Disables TLS for gRPC endpoints without a scheme.",
      ),
      valueType: types.flag,
    }),
  };
}

type OtlpDefinition = Omit<VariableDefinition<undefined>, "valueType">;

function signalEndpointTexts(signal: string): { readonly default: string; readonly doc: string } {
  return {
    default: `\`OTEL_EXPORTER_OTLP_ENDPOINT\` + \`/v1/${signal}\``,
    doc: `Full URL for ${signal}; nothing is appended.`,
  };
}

interface VariableDefinition<T> {
  readonly group: VariableGroup;
  readonly name: string;
  readonly valueType: types.ValueType<T>;
  readonly fallback: T;
  /** Default: the formatted fallback. */
  readonly default?: string;
  readonly doc: string;
}

function defineVariable<T>(definition: VariableDefinition<T>): Variable<T> {
  const variable = {
    ...definition,
    default: definition.default ?? formatValue(definition.fallback),
    unsupported: undefined,
  };
  definitions.push(variable);
  return variable;
}

/** Formats a value as it would be written in the environment. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "none";
  if (value === Infinity) return "no limit";
  if (Array.isArray(value)) return value.length > 0 ? value.join(",") : "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
