import type {
  ConsoleLines,
  TerminationSignal,
  ExemplarFilterName,
  LogLevel,
  MiddlewareFramework,
  OtlpProtocol,
  PropagatorName,
  ResourceDetectorName,
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
import {
  attributes,
  dsn,
  duration,
  endpoint,
  endpoints,
  flag,
  headers,
  integer,
  type ValueType,
  names,
  oneOf,
  optIn,
  pemFile,
  ratio,
  someOf,
  text,
  timeout,
  ignored,
} from "./value-types.ts";

/**
 * Every variable that is honoured, and every one of the standard that is not,
 * with the reason. Nothing else in the environment is looked at. The README's
 * table is made of this one (`scripts/readme.ts`).
 *
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export interface Variable<out T = unknown> {
  readonly name: string;
  readonly group: VariableGroup;
  readonly valueType: ValueType<T>;
  /** The value where the variable is unset, blank or unusable. */
  readonly fallback: T;
  /** The same in words. */
  readonly default: string;
  /** One line for the README. */
  readonly doc: string;
  /** Why a variable of the standard has no effect here. */
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

/** All of them, in the order of the README. */
export const variables: readonly Variable[] = definitions;

/* General */

export const sdkDisabled: Variable<boolean> = defineVariable({
  group: "General",
  name: "OTEL_SDK_DISABLED",
  valueType: flag,
  fallback: false,
  doc: "Off: nothing is loaded, patched or opened.",
});

export const logLevel: Variable<LogLevel> = defineVariable({
  group: "General",
  name: "OTEL_LOG_LEVEL",
  valueType: oneOf<LogLevel>(["none", "error", "warn", "info", "debug", "verbose", "all"]),
  fallback: "info",
  doc: "How much telltale says about itself on stderr. `error` leaves out warnings, the report of what is wrong in these variables among them; `none` leaves out everything.",
});

export const propagators: Variable<readonly PropagatorName[] | undefined> = defineVariable({
  group: "General",
  name: "OTEL_PROPAGATORS",
  valueType: someOf<PropagatorName>(
    ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "sentry"],
    { ottrace: "OpenTracing's own headers are out of use" },
  ),
  fallback: undefined,
  default: "tracecontext,baggage",
  doc: "Headers that carry a trace from service to service. With a Sentry DSN, `sentry` is read by default as well.",
});

/* Resource */

export const serviceName: Variable<string | undefined> = defineVariable({
  group: "Resource",
  name: "OTEL_SERVICE_NAME",
  valueType: text,
  fallback: undefined,
  default: "`name` in the app's `package.json`",
  doc: "`service.name`; wins over `OTEL_RESOURCE_ATTRIBUTES`.",
});

export const resourceAttributes: Variable<KeyValues> = defineVariable({
  group: "Resource",
  name: "OTEL_RESOURCE_ATTRIBUTES",
  valueType: attributes,
  fallback: {},
  default: "none",
  doc: "Who this process is, `service.version` and `deployment.environment.name` for instance.",
});

export const resourceDetectors: Variable<readonly (ResourceDetectorName | "all")[]> =
  defineVariable({
    group: "Resource",
    name: "OTEL_NODE_RESOURCE_DETECTORS",
    valueType: someOf<ResourceDetectorName | "all">(
      ["env", "host", "os", "process", "serviceinstance", "container", "all"],
      {
        alibaba: "clouds are asked over the network; use the Collector's detectors",
        aws: "clouds are asked over the network; use the Collector's detectors",
        azure: "clouds are asked over the network; use the Collector's detectors",
        gcp: "clouds are asked over the network; use the Collector's detectors",
      },
    ),
    fallback: ["all"],
    doc: "What is found out about the process and its host.",
  });

export const nodeEnvironment: Variable<string | undefined> = defineVariable({
  group: "Resource",
  name: "NODE_ENV",
  valueType: text,
  fallback: undefined,
  doc: "`deployment.environment.name`, if neither `OTEL_RESOURCE_ATTRIBUTES` nor `SENTRY_ENVIRONMENT` says it.",
});

/* Traces */

export const tracesExporter: Variable<readonly ("otlp" | "console")[]> = defineVariable({
  group: "Traces",
  name: "OTEL_TRACES_EXPORTER",
  valueType: someOf(["otlp", "console"], {
    zipkin: "Zipkin takes OTLP",
    jaeger: "Jaeger takes OTLP",
    logging: "deprecated, its name is console now",
    "otlp/stdout": "not included",
  }),
  fallback: ["otlp"],
  doc: "Where spans go.",
});

export const tracesSampler: Variable<SamplerName | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_TRACES_SAMPLER",
  valueType: oneOf<SamplerName>(
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
  doc: "Which traces are kept from the start.",
});

export const tracesSamplerArg: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_TRACES_SAMPLER_ARG",
  valueType: ratio,
  fallback: 1,
  doc: "The share that the samplers by ratio keep.",
});

export const spanBatch: BatchVariables = defineBatchVariables("Traces", "OTEL_BSP", "spans", 5000);

export const attributeCount: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_ATTRIBUTE_COUNT_LIMIT",
  valueType: integer(0),
  fallback: 128,
  doc: "Attributes of a span or a log record; more are dropped.",
});

export const attributeLength: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  valueType: integer(0),
  fallback: Infinity,
  doc: "Characters of an attribute's value on a span or a log record; longer ones are cut.",
});

export const spanAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
  valueType: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
  doc: "The same for spans alone.",
});

export const spanAttributeLength: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  valueType: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
  doc: "The same for spans alone.",
});

export const spanEventCount: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_EVENT_COUNT_LIMIT",
  valueType: integer(0),
  fallback: 128,
  doc: "Events of a span.",
});

export const spanLinkCount: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_LINK_COUNT_LIMIT",
  valueType: integer(0),
  fallback: 128,
  doc: "Links of a span.",
});

export const eventAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
  valueType: integer(0),
  fallback: undefined,
  default: "128",
  doc: "Attributes of an event.",
});

export const linkAttributeCount: Variable<number | undefined> = defineVariable({
  group: "Traces",
  name: "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
  valueType: integer(0),
  fallback: undefined,
  default: "128",
  doc: "Attributes of a link.",
});

// The JavaScript SDK reads these names where the specification has the two above.
export const attributesPerEvent: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT",
  valueType: integer(0),
  fallback: 128,
  doc: "Older name of `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`.",
});

export const attributesPerLink: Variable<number> = defineVariable({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT",
  valueType: integer(0),
  fallback: 128,
  doc: "Older name of `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`.",
});

/* Metrics */

export const metricsExporter: Variable<readonly ("prometheus" | "otlp" | "console")[]> =
  defineVariable({
    group: "Metrics",
    name: "OTEL_METRICS_EXPORTER",
    valueType: someOf(["prometheus", "otlp", "console"], {
      logging: "deprecated, its name is console now",
      "otlp/stdout": "not included",
    }),
    fallback: ["prometheus"],
    doc: "Where metrics go.",
  });

export const prometheusHost: Variable<string> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_PROMETHEUS_HOST",
  valueType: text,
  fallback: "localhost",
  doc: "Address of the server with `/metrics` and `/healthz`; `0.0.0.0` to be reached from outside a container.",
});

export const prometheusPort: Variable<number> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_PROMETHEUS_PORT",
  valueType: integer(0, 65_535),
  fallback: 9464,
  doc: "Its port; 0 takes any that is free.",
});

export const metricInterval: Variable<number> = defineVariable({
  group: "Metrics",
  name: "OTEL_METRIC_EXPORT_INTERVAL",
  // Without a pause between them, collections would be all that the process does.
  valueType: duration(1),
  fallback: 60_000,
  doc: "Between two exports (not for Prometheus).",
});

export const metricTimeout: Variable<number | undefined> = defineVariable({
  group: "Metrics",
  name: "OTEL_METRIC_EXPORT_TIMEOUT",
  valueType: timeout,
  fallback: undefined,
  default: "30000",
  doc: "Upper limit of one export; never longer than the interval.",
});

export const temporality: Variable<Temporality> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
  valueType: oneOf<Temporality>(["cumulative", "delta", "lowmemory"]),
  fallback: "cumulative",
  doc: "Totals since the start, or what was added since the last export.",
});

export const histogramAggregation: Variable<"explicit_bucket_histogram"> = defineVariable({
  group: "Metrics",
  name: "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
  valueType: oneOf(["explicit_bucket_histogram"], {
    base2_exponential_bucket_histogram: "one set of buckets serves Prometheus and OTLP alike",
  }),
  fallback: "explicit_bucket_histogram",
  doc: "How histograms are kept.",
});

export const exemplarFilter: Variable<ExemplarFilterName> = defineVariable({
  group: "Metrics",
  name: "OTEL_METRICS_EXEMPLAR_FILTER",
  valueType: oneOf<ExemplarFilterName>(["always_on", "always_off", "trace_based"]),
  fallback: "trace_based",
  doc: "Which measurements may stand for their series with a trace id.",
});

/* Logs */

export const logsExporter: Variable<readonly ("otlp" | "console")[]> = defineVariable({
  group: "Logs",
  name: "OTEL_LOGS_EXPORTER",
  valueType: someOf(["otlp", "console"], {
    logging: "deprecated, its name is console now",
    "otlp/stdout": "not included",
  }),
  fallback: ["otlp"],
  doc: "Where log records go, beside the app's own lines.",
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
  valueType: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
  doc: "Attributes of a log record.",
});

export const logRecordAttributeLength: Variable<number | undefined> = defineVariable({
  group: "Logs",
  name: "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  valueType: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
  doc: "Characters of an attribute's value on a log record.",
});

/* OTLP */

export const otlp: OtlpVariables = defineOtlpVariables("", {
  protocol: "http/protobuf",
  endpoint: "`http://localhost:4318`, for gRPC `http://localhost:4317`",
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
  valueType: dsn,
  fallback: undefined,
  doc: "Where errors go. Without it nothing of Sentry is loaded.",
});

export const sentryEnvironment: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_ENVIRONMENT",
  valueType: text,
  fallback: undefined,
  default: "`deployment.environment.name`",
  doc: "The environment of every event.",
});

export const sentryRelease: Variable<string | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_RELEASE",
  valueType: text,
  fallback: undefined,
  doc: "The release of every event.",
});

export const sentrySampleRate: Variable<number> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_SAMPLE_RATE",
  valueType: ratio,
  fallback: 1,
  doc: "The share of events that is sent.",
});

export const sentryTracesSampleRate: Variable<number | undefined> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_TRACES_SAMPLE_RATE",
  valueType: ratio,
  fallback: undefined,
  doc: "Without `OTEL_TRACES_SAMPLER`, the same as `parentbased_traceidratio` with this share.",
});

export const sentryDebug: Variable<boolean> = defineVariable({
  group: "Errors (Sentry)",
  name: "SENTRY_DEBUG",
  valueType: flag,
  fallback: false,
  doc: "Sentry's client says what it does.",
});

/* Instrumentations */

export const enabledInstrumentations: Variable<readonly string[] | undefined> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_NODE_ENABLED_INSTRUMENTATIONS",
  valueType: names,
  fallback: undefined,
  default: "all",
  doc: "Only these: `http,pg` for instance.",
});

export const disabledInstrumentations: Variable<readonly string[]> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_NODE_DISABLED_INSTRUMENTATIONS",
  valueType: names,
  fallback: [],
  doc: "Not these.",
});

// Its name and its form are a must of the HTTP conventions.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
export const knownMethods: Variable<readonly string[]> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS",
  valueType: names,
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
  doc: "HTTP methods that are named on spans and metrics; all others are `_OTHER`.",
});

export const semconvOptIn: Variable<readonly string[]> = defineVariable({
  group: "Instrumentations",
  name: "OTEL_SEMCONV_STABILITY_OPT_IN",
  valueType: optIn,
  fallback: [],
  doc: "The stable names are used always; the old ones beside them (`http/dup`, `database/dup`) are not to be had.",
});

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
export const lambdaTaskRoot: Variable<string | undefined> = defineVariable({
  group: "Instrumentations",
  name: "LAMBDA_TASK_ROOT",
  valueType: text,
  fallback: undefined,
  doc: "Set by AWS Lambda: where the function's code is.",
});

export const lambdaHandler: Variable<string | undefined> = defineVariable({
  group: "Instrumentations",
  name: "_HANDLER",
  valueType: text,
  fallback: undefined,
  doc: "Set by AWS Lambda: the function's file, and what it exports. With both, the handler is instrumented.",
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
  valueType: duration(0),
  fallback: undefined,
  doc: "Traces whose local root took longer are kept, sampled or not.",
});

export const flushTimeoutMs: Variable<number> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_FLUSH_TIMEOUT",
  valueType: duration(0),
  fallback: 1000,
  doc: "How long the end of the process may wait for telemetry to leave.",
});

export const terminationSignals: Variable<readonly TerminationSignal[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_SIGNALS",
  valueType: someOf<TerminationSignal>(["SIGTERM", "SIGINT"]),
  fallback: ["SIGTERM", "SIGINT"],
  default: "`SIGTERM,SIGINT`",
  doc: "Signals before whose death the process delivers what is unsent, where the app has no listener of its own. `none`: telltale never listens, and what is unsent then is lost.",
});

export const gateways: Variable<readonly Endpoint[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_OTLP_ENDPOINTS",
  valueType: endpoints,
  fallback: [],
  default: "`OTEL_EXPORTER_OTLP_ENDPOINT`",
  doc: "Several gateways instead of one collector: each trace goes to one of them, the same from every service (docs/scaling.md). A signal with an address of its own goes there.",
});

export const consoleLines: Variable<ConsoleLines> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_CONSOLE_LOGS",
  valueType: oneOf<ConsoleLines>(["active", "all"]),
  fallback: "active",
  doc: "Which lines of `console` become log records: those that are written while a span is active (in a request, say), or `all`. None: `OTEL_NODE_DISABLED_INSTRUMENTATIONS=console`.",
});

export const eagerLoading: Variable<boolean> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_EAGER",
  valueType: flag,
  fallback: false,
  doc: "All instrumentations are loaded at start, not when first needed.",
});

export const middlewareSpanFrameworks: Variable<readonly MiddlewareFramework[]> = defineVariable({
  group: "Telltale's own",
  name: "TELLTALE_MIDDLEWARE_SPANS",
  valueType: someOf<MiddlewareFramework>(["express", "fastify", "hapi", "hono", "koa", "next"]),
  fallback: [],
  default: "none",
  doc: "Frameworks whose middleware, hooks and handlers get a span each. They cost more than all other telemetry of a request; nothing is patched for them where they are not asked for.",
});

/* Not supported */

const unsupportedReasons: Readonly<Record<string, string>> = {
  OTEL_CONFIG_FILE: "configuration files are not read yet, only variables",
  OTEL_EXPERIMENTAL_CONFIG_FILE: "configuration files are not read yet, only variables",
  OTEL_ENTITIES: "in development; use OTEL_RESOURCE_ATTRIBUTES",
  OTEL_EXPORTER_OTLP_SPAN_INSECURE: "obsolete; use OTEL_EXPORTER_OTLP_TRACES_INSECURE",
  OTEL_EXPORTER_OTLP_METRIC_INSECURE: "obsolete; use OTEL_EXPORTER_OTLP_METRICS_INSECURE",
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: "deprecated; Zipkin takes OTLP",
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: "deprecated; Zipkin takes OTLP",
  OTEL_EXPORTER_ZIPKIN_PROTOCOL: "deprecated; Zipkin takes OTLP",
  OTEL_EXPORTER_JAEGER_AGENT_HOST: "no longer in the specification; Jaeger takes OTLP",
  OTEL_EXPORTER_JAEGER_AGENT_PORT: "no longer in the specification; Jaeger takes OTLP",
  OTEL_EXPORTER_JAEGER_ENDPOINT: "no longer in the specification; Jaeger takes OTLP",
  OTEL_EXPORTER_JAEGER_PROTOCOL: "no longer in the specification; Jaeger takes OTLP",
  OTEL_EXPORTER_JAEGER_TIMEOUT: "no longer in the specification; Jaeger takes OTLP",
  OTEL_EXPORTER_JAEGER_USER: "no longer in the specification; Jaeger takes OTLP",
  OTEL_EXPORTER_JAEGER_PASSWORD: "no longer in the specification; Jaeger takes OTLP",
};

for (const [name, reason] of Object.entries(unsupportedReasons)) {
  definitions.push({
    name,
    group: "Not supported",
    valueType: ignored,
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
      valueType: duration(0),
      fallback: delay,
      doc: "Between two exports.",
    }),
    exportTimeout: defineVariable({
      group,
      name: `${prefix}_EXPORT_TIMEOUT`,
      valueType: timeout,
      fallback: 30_000,
      doc: "Upper limit of one export.",
    }),
    maxQueueSize: defineVariable({
      group,
      name: `${prefix}_MAX_QUEUE_SIZE`,
      valueType: integer(1),
      fallback: 2048,
      doc: `How many ${itemsName} may wait; more are dropped, and counted.`,
    }),
    maxExportBatchSize: defineVariable({
      group,
      name: `${prefix}_MAX_EXPORT_BATCH_SIZE`,
      valueType: integer(1),
      fallback: undefined,
      default: "512",
      doc: `How many ${itemsName} one export holds; at most the size of the queue.`,
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
  /** Headers and files. */
  readonly none: string;
}

function defineOtlpVariables(namePrefix: string, defaults?: OtlpDefaults): OtlpVariables {
  const signal = namePrefix.slice(0, -1).toLowerCase();
  const common = (name: string, defaultText: string | undefined, doc: string): OtlpDefinition => ({
    group: "OTLP",
    name: `OTEL_EXPORTER_OTLP_${namePrefix}${name}`,
    fallback: undefined,
    default: defaultText ?? `\`OTEL_EXPORTER_OTLP_${name}\``,
    doc: defaults === undefined ? `The same for ${signal} alone.` : doc,
  });
  const address = defaults === undefined ? signalEndpointTexts(signal) : {};
  return {
    endpoint: defineVariable({
      ...common(
        "ENDPOINT",
        defaults?.endpoint,
        "The collector; `/v1/traces` and its like are added.",
      ),
      ...address,
      valueType: endpoint,
    }),
    protocol: defineVariable({
      ...common("PROTOCOL", defaults?.protocol, "How it is spoken to."),
      valueType: oneOf<OtlpProtocol>(["http/protobuf", "http/json", "grpc"]),
    }),
    headers: defineVariable({
      ...common("HEADERS", defaults?.none, "Headers of every request."),
      valueType: headers,
      fallback: {},
    }),
    timeout: defineVariable({
      ...common("TIMEOUT", defaults?.timeout, "Upper limit of one export, its retries included."),
      valueType: timeout,
    }),
    compression: defineVariable({
      ...common("COMPRESSION", defaults?.compression, "How requests are packed."),
      valueType: oneOf<"gzip" | "none">(["gzip", "none"]),
    }),
    ca: defineVariable({
      ...common(
        "CERTIFICATE",
        defaults?.none,
        "The authority that the collector's certificate is checked against.",
      ),
      valueType: pemFile,
    }),
    cert: defineVariable({
      ...common("CLIENT_CERTIFICATE", defaults?.none, "Our own certificate, for mutual TLS."),
      valueType: pemFile,
    }),
    key: defineVariable({
      ...common("CLIENT_KEY", defaults?.none, "Its private key."),
      valueType: pemFile,
    }),
    insecure: defineVariable({
      ...common(
        "INSECURE",
        defaults?.insecure,
        "gRPC without TLS, where the address has no scheme.",
      ),
      valueType: flag,
    }),
  };
}

type OtlpDefinition = Omit<VariableDefinition<undefined>, "valueType">;

function signalEndpointTexts(signal: string): { readonly default: string; readonly doc: string } {
  return {
    default: `\`OTEL_EXPORTER_OTLP_ENDPOINT\` and \`v1/${signal}\``,
    doc: `The address of the collector for ${signal}, used as it is.`,
  };
}

interface VariableDefinition<T> {
  readonly group: VariableGroup;
  readonly name: string;
  readonly valueType: ValueType<T>;
  readonly fallback: T;
  /** Where the fallback doesn't say it. */
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

/** A value in words, as one would write it in the environment. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "none";
  if (value === Infinity) return "no limit";
  if (Array.isArray(value)) return value.length > 0 ? value.join(",") : "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
