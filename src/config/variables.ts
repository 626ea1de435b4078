import type {
  ConsoleLines,
  EndSignal,
  ExemplarFilter,
  LogLevel,
  MiddlewareFramework,
  OtlpProtocol,
  PropagatorName,
  ResourceDetectorName,
  SamplerName,
  Temporality,
} from "./config.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Option, options, variableOf } from "./options.ts";
import type { Pairs } from "./pairs.ts";
import {
  attributes,
  dsn,
  duration,
  endpoint,
  endpoints,
  flag,
  headers,
  integer,
  type Kind,
  names,
  oneOf,
  optIn,
  pemFile,
  ratio,
  someOf,
  text,
  timeout,
  unread,
} from "./kinds.ts";

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
  readonly group: Group;
  readonly kind: Kind<T>;
  /** The value where the variable is unset, blank or unusable. */
  readonly fallback: T;
  /** The same in words. */
  readonly default: string;
  /** One line for the README. */
  readonly doc: string;
  /** Why a variable of the standard has no effect here. */
  readonly unsupported: string | undefined;
}

export type Group =
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

const rows: Variable[] = [];

/** All of them, in the order of the README. */
export const variables: readonly Variable[] = rows;

/* General */

export const sdkDisabled: Variable<boolean> = row({
  group: "General",
  name: "OTEL_SDK_DISABLED",
  kind: flag,
  fallback: false,
  doc: "Off: nothing is loaded, patched or opened.",
});

export const logLevel: Variable<LogLevel> = row({
  group: "General",
  name: "OTEL_LOG_LEVEL",
  kind: oneOf<LogLevel>(["none", "error", "warn", "info", "debug", "verbose", "all"]),
  fallback: "info",
  doc: "How much telltale says about itself on stderr. `error` leaves out warnings, the report of what is wrong in these variables among them; `none` leaves out everything.",
});

export const propagators: Variable<readonly PropagatorName[] | undefined> = row({
  group: "General",
  name: "OTEL_PROPAGATORS",
  kind: someOf<PropagatorName>(
    ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "sentry"],
    { ottrace: "OpenTracing's own headers are out of use" },
  ),
  fallback: undefined,
  default: "tracecontext,baggage",
  doc: "Headers that carry a trace from service to service. With a Sentry DSN, `sentry` is read by default as well.",
});

/* Resource */

export const serviceName: Variable<string | undefined> = row({
  group: "Resource",
  name: "OTEL_SERVICE_NAME",
  kind: text,
  fallback: undefined,
  default: "`name` in the app's `package.json`",
  doc: "`service.name`; wins over `OTEL_RESOURCE_ATTRIBUTES`.",
});

export const resourceAttributes: Variable<Pairs> = row({
  group: "Resource",
  name: "OTEL_RESOURCE_ATTRIBUTES",
  kind: attributes,
  fallback: {},
  default: "none",
  doc: "Who this process is, `service.version` and `deployment.environment.name` for instance.",
});

export const resourceDetectors: Variable<readonly (ResourceDetectorName | "all")[]> = row({
  group: "Resource",
  name: "OTEL_NODE_RESOURCE_DETECTORS",
  kind: someOf<ResourceDetectorName | "all">(
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

export const nodeEnvironment: Variable<string | undefined> = row({
  group: "Resource",
  name: "NODE_ENV",
  kind: text,
  fallback: undefined,
  doc: "`deployment.environment.name`, if neither `OTEL_RESOURCE_ATTRIBUTES` nor `SENTRY_ENVIRONMENT` says it.",
});

/* Traces */

export const tracesExporter: Variable<readonly ("otlp" | "console")[]> = row({
  group: "Traces",
  name: "OTEL_TRACES_EXPORTER",
  kind: someOf(["otlp", "console"], {
    zipkin: "Zipkin takes OTLP",
    jaeger: "Jaeger takes OTLP",
    logging: "deprecated, its name is console now",
    "otlp/stdout": "not included",
  }),
  fallback: ["otlp"],
  doc: "Where spans go.",
});

export const tracesSampler: Variable<SamplerName | undefined> = row({
  group: "Traces",
  name: "OTEL_TRACES_SAMPLER",
  kind: oneOf<SamplerName>(
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

export const tracesSamplerArg: Variable<number> = row({
  group: "Traces",
  name: "OTEL_TRACES_SAMPLER_ARG",
  kind: ratio,
  fallback: 1,
  doc: "The share that the samplers by ratio keep.",
});

export const batchOfSpans: BatchVariables = batchRows("Traces", "OTEL_BSP", "spans", 5000);

export const attributeCount: Variable<number> = row({
  group: "Traces",
  name: "OTEL_ATTRIBUTE_COUNT_LIMIT",
  kind: integer(0),
  fallback: 128,
  doc: "Attributes of a span or a log record; more are dropped.",
});

export const attributeLength: Variable<number> = row({
  group: "Traces",
  name: "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  kind: integer(0),
  fallback: Infinity,
  doc: "Characters of an attribute's value on a span or a log record; longer ones are cut.",
});

export const spanAttributeCount: Variable<number | undefined> = row({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
  kind: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
  doc: "The same for spans alone.",
});

export const spanAttributeLength: Variable<number | undefined> = row({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  kind: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
  doc: "The same for spans alone.",
});

export const spanEventCount: Variable<number> = row({
  group: "Traces",
  name: "OTEL_SPAN_EVENT_COUNT_LIMIT",
  kind: integer(0),
  fallback: 128,
  doc: "Events of a span.",
});

export const spanLinkCount: Variable<number> = row({
  group: "Traces",
  name: "OTEL_SPAN_LINK_COUNT_LIMIT",
  kind: integer(0),
  fallback: 128,
  doc: "Links of a span.",
});

export const eventAttributeCount: Variable<number | undefined> = row({
  group: "Traces",
  name: "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
  kind: integer(0),
  fallback: undefined,
  default: "128",
  doc: "Attributes of an event.",
});

export const linkAttributeCount: Variable<number | undefined> = row({
  group: "Traces",
  name: "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
  kind: integer(0),
  fallback: undefined,
  default: "128",
  doc: "Attributes of a link.",
});

// The JavaScript SDK reads these names where the specification has the two above.
export const attributesPerEvent: Variable<number> = row({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT",
  kind: integer(0),
  fallback: 128,
  doc: "Older name of `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`.",
});

export const attributesPerLink: Variable<number> = row({
  group: "Traces",
  name: "OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT",
  kind: integer(0),
  fallback: 128,
  doc: "Older name of `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`.",
});

/* Metrics */

export const metricsExporter: Variable<readonly ("prometheus" | "otlp" | "console")[]> = row({
  group: "Metrics",
  name: "OTEL_METRICS_EXPORTER",
  kind: someOf(["prometheus", "otlp", "console"], {
    logging: "deprecated, its name is console now",
    "otlp/stdout": "not included",
  }),
  fallback: ["prometheus"],
  doc: "Where metrics go.",
});

export const prometheusHost: Variable<string> = row({
  group: "Metrics",
  name: "OTEL_EXPORTER_PROMETHEUS_HOST",
  kind: text,
  fallback: "localhost",
  doc: "Address of the server with `/metrics` and `/healthz`; `0.0.0.0` to be reached from outside a container.",
});

export const prometheusPort: Variable<number> = row({
  group: "Metrics",
  name: "OTEL_EXPORTER_PROMETHEUS_PORT",
  kind: integer(0, 65_535),
  fallback: 9464,
  doc: "Its port; 0 takes any that is free.",
});

export const metricInterval: Variable<number> = row({
  group: "Metrics",
  name: "OTEL_METRIC_EXPORT_INTERVAL",
  // Without a pause between them, collections would be all that the process does.
  kind: duration(1),
  fallback: 60_000,
  doc: "Between two exports (not for Prometheus).",
});

export const metricTimeout: Variable<number | undefined> = row({
  group: "Metrics",
  name: "OTEL_METRIC_EXPORT_TIMEOUT",
  kind: timeout,
  fallback: undefined,
  default: "30000",
  doc: "Upper limit of one export; never longer than the interval.",
});

export const temporality: Variable<Temporality> = row({
  group: "Metrics",
  name: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
  kind: oneOf<Temporality>(["cumulative", "delta", "lowmemory"]),
  fallback: "cumulative",
  doc: "Totals since the start, or what was added since the last export.",
});

export const histogramAggregation: Variable<"explicit_bucket_histogram"> = row({
  group: "Metrics",
  name: "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
  kind: oneOf(["explicit_bucket_histogram"], {
    base2_exponential_bucket_histogram: "one set of buckets serves Prometheus and OTLP alike",
  }),
  fallback: "explicit_bucket_histogram",
  doc: "How histograms are kept.",
});

export const exemplarFilter: Variable<ExemplarFilter> = row({
  group: "Metrics",
  name: "OTEL_METRICS_EXEMPLAR_FILTER",
  kind: oneOf<ExemplarFilter>(["always_on", "always_off", "trace_based"]),
  fallback: "trace_based",
  doc: "Which measurements may stand for their series with a trace id.",
});

/* Logs */

export const logsExporter: Variable<readonly ("otlp" | "console")[]> = row({
  group: "Logs",
  name: "OTEL_LOGS_EXPORTER",
  kind: someOf(["otlp", "console"], {
    logging: "deprecated, its name is console now",
    "otlp/stdout": "not included",
  }),
  fallback: ["otlp"],
  doc: "Where log records go, beside the app's own lines.",
});

export const batchOfRecords: BatchVariables = batchRows("Logs", "OTEL_BLRP", "records", 1000);

export const recordAttributeCount: Variable<number | undefined> = row({
  group: "Logs",
  name: "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
  kind: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
  doc: "Attributes of a log record.",
});

export const recordAttributeLength: Variable<number | undefined> = row({
  group: "Logs",
  name: "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
  kind: integer(0),
  fallback: undefined,
  default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
  doc: "Characters of an attribute's value on a log record.",
});

/* OTLP */

export const otlp: OtlpVariables = otlpRows("", {
  protocol: "http/protobuf",
  endpoint: "`http://localhost:4318`, for gRPC `http://localhost:4317`",
  timeout: "10000",
  compression: "none",
  insecure: "false",
  nothing: "none",
});

export const otlpOfSignal: Readonly<Record<Signal, OtlpVariables>> = {
  traces: otlpRows("TRACES_"),
  metrics: otlpRows("METRICS_"),
  logs: otlpRows("LOGS_"),
};

/* Errors (Sentry) */

export const sentryDsn: Variable<string | undefined> = row({
  group: "Errors (Sentry)",
  name: "SENTRY_DSN",
  kind: dsn,
  fallback: undefined,
  doc: "Where errors go. Without it nothing of Sentry is loaded.",
});

export const sentryEnvironment: Variable<string | undefined> = row({
  group: "Errors (Sentry)",
  name: "SENTRY_ENVIRONMENT",
  kind: text,
  fallback: undefined,
  default: "`deployment.environment.name`",
  doc: "The environment of every event.",
});

export const sentryRelease: Variable<string | undefined> = row({
  group: "Errors (Sentry)",
  name: "SENTRY_RELEASE",
  kind: text,
  fallback: undefined,
  doc: "The release of every event.",
});

export const sentrySampleRate: Variable<number> = row({
  group: "Errors (Sentry)",
  name: "SENTRY_SAMPLE_RATE",
  kind: ratio,
  fallback: 1,
  doc: "The share of events that is sent.",
});

export const sentryTracesSampleRate: Variable<number | undefined> = row({
  group: "Errors (Sentry)",
  name: "SENTRY_TRACES_SAMPLE_RATE",
  kind: ratio,
  fallback: undefined,
  doc: "Without `OTEL_TRACES_SAMPLER`, the same as `parentbased_traceidratio` with this share.",
});

export const sentryDebug: Variable<boolean> = row({
  group: "Errors (Sentry)",
  name: "SENTRY_DEBUG",
  kind: flag,
  fallback: false,
  doc: "Sentry's client says what it does.",
});

/* Instrumentations */

export const enabledInstrumentations: Variable<readonly string[] | undefined> = row({
  group: "Instrumentations",
  name: "OTEL_NODE_ENABLED_INSTRUMENTATIONS",
  kind: names,
  fallback: undefined,
  default: "all",
  doc: "Only these: `http,pg` for instance.",
});

export const disabledInstrumentations: Variable<readonly string[]> = row({
  group: "Instrumentations",
  name: "OTEL_NODE_DISABLED_INSTRUMENTATIONS",
  kind: names,
  fallback: [],
  doc: "Not these.",
});

// Its name and its form are a must of the HTTP conventions.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
export const knownMethods: Variable<readonly string[]> = row({
  group: "Instrumentations",
  name: "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS",
  kind: names,
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

export const semconvOptIn: Variable<readonly string[]> = row({
  group: "Instrumentations",
  name: "OTEL_SEMCONV_STABILITY_OPT_IN",
  kind: optIn,
  fallback: [],
  doc: "The stable names are used always; the old ones beside them (`http/dup`, `database/dup`) are not to be had.",
});

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
export const lambdaTaskRoot: Variable<string | undefined> = row({
  group: "Instrumentations",
  name: "LAMBDA_TASK_ROOT",
  kind: text,
  fallback: undefined,
  doc: "Set by AWS Lambda: where the function's code is.",
});

export const lambdaHandler: Variable<string | undefined> = row({
  group: "Instrumentations",
  name: "_HANDLER",
  kind: text,
  fallback: undefined,
  doc: "Set by AWS Lambda: the function's file, and what it exports. With both, the handler is instrumented.",
});

/* Options of instrumentations */

export const instrumentationOptions: readonly (Option & { readonly variable: Variable })[] =
  options.map((option) => ({
    ...option,
    variable: row({
      group: "Options of instrumentations",
      name: variableOf(option),
      kind: option.kind,
      fallback: undefined,
      default: option.default,
      doc: option.doc,
    }),
  }));

/* Telltale's own */

export const keepSlow: Variable<number | undefined> = row({
  group: "Telltale's own",
  name: "TELLTALE_KEEP_SLOW_MS",
  kind: duration(0),
  fallback: undefined,
  doc: "Traces whose local root took longer are kept, sampled or not.",
});

export const flushTimeout: Variable<number> = row({
  group: "Telltale's own",
  name: "TELLTALE_FLUSH_TIMEOUT",
  kind: duration(0),
  fallback: 1000,
  doc: "How long the end of the process may wait for telemetry to leave.",
});

export const signals: Variable<readonly EndSignal[]> = row({
  group: "Telltale's own",
  name: "TELLTALE_SIGNALS",
  kind: someOf<EndSignal>(["SIGTERM", "SIGINT"]),
  fallback: ["SIGTERM", "SIGINT"],
  default: "`SIGTERM,SIGINT`",
  doc: "Signals before whose death the process delivers what is unsent, where the app has no listener of its own. `none`: telltale never listens, and what is unsent then is lost.",
});

export const gateways: Variable<readonly Endpoint[]> = row({
  group: "Telltale's own",
  name: "TELLTALE_OTLP_ENDPOINTS",
  kind: endpoints,
  fallback: [],
  default: "`OTEL_EXPORTER_OTLP_ENDPOINT`",
  doc: "Several gateways instead of one collector: each trace goes to one of them, the same from every service (docs/scaling.md). A signal with an address of its own goes there.",
});

export const consoleLines: Variable<ConsoleLines> = row({
  group: "Telltale's own",
  name: "TELLTALE_CONSOLE_LOGS",
  kind: oneOf<ConsoleLines>(["active", "all"]),
  fallback: "active",
  doc: "Which lines of `console` become log records: those that are written while a span is active (in a request, say), or `all`. None: `OTEL_NODE_DISABLED_INSTRUMENTATIONS=console`.",
});

export const eager: Variable<boolean> = row({
  group: "Telltale's own",
  name: "TELLTALE_EAGER",
  kind: flag,
  fallback: false,
  doc: "All instrumentations are loaded at start, not when first needed.",
});

export const middlewareSpans: Variable<readonly MiddlewareFramework[]> = row({
  group: "Telltale's own",
  name: "TELLTALE_MIDDLEWARE_SPANS",
  kind: someOf<MiddlewareFramework>(["express", "fastify", "hapi", "hono", "koa", "next"]),
  fallback: [],
  default: "none",
  doc: "Frameworks whose middleware, hooks and handlers get a span each. They cost more than all other telemetry of a request; nothing is patched for them where they are not asked for.",
});

/* Not supported */

const reasons: Readonly<Record<string, string>> = {
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

for (const [name, reason] of Object.entries(reasons)) {
  rows.push({
    name,
    group: "Not supported",
    kind: unread,
    fallback: undefined,
    default: "",
    doc: `No effect: ${reason}.`,
    unsupported: reason,
  });
}

export type Signal = "traces" | "metrics" | "logs";

/** `OTEL_BSP_*` or `OTEL_BLRP_*`. */
export interface BatchVariables {
  readonly delay: Variable<number>;
  readonly timeout: Variable<number>;
  readonly queue: Variable<number>;
  readonly size: Variable<number | undefined>;
}

function batchRows(group: Group, prefix: string, things: string, delay: number): BatchVariables {
  return {
    delay: row({
      group,
      name: `${prefix}_SCHEDULE_DELAY`,
      kind: duration(0),
      fallback: delay,
      doc: "Between two exports.",
    }),
    timeout: row({
      group,
      name: `${prefix}_EXPORT_TIMEOUT`,
      kind: timeout,
      fallback: 30_000,
      doc: "Upper limit of one export.",
    }),
    queue: row({
      group,
      name: `${prefix}_MAX_QUEUE_SIZE`,
      kind: integer(1),
      fallback: 2048,
      doc: `How many ${things} may wait; more are dropped, and counted.`,
    }),
    size: row({
      group,
      name: `${prefix}_MAX_EXPORT_BATCH_SIZE`,
      kind: integer(1),
      fallback: undefined,
      default: "512",
      doc: `How many ${things} one export holds; at most the size of the queue.`,
    }),
  };
}

/** `OTEL_EXPORTER_OTLP_*`, for all signals or for one. */
export interface OtlpVariables {
  readonly endpoint: Variable<Endpoint | undefined>;
  readonly protocol: Variable<OtlpProtocol | undefined>;
  readonly headers: Variable<Pairs>;
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
  readonly nothing: string;
}

function otlpRows(part: string, defaults?: OtlpDefaults): OtlpVariables {
  const signal = part.slice(0, -1).toLowerCase();
  const of = (name: string, word: string | undefined, doc: string): Otlp => ({
    group: "OTLP",
    name: `OTEL_EXPORTER_OTLP_${part}${name}`,
    fallback: undefined,
    default: word ?? `\`OTEL_EXPORTER_OTLP_${name}\``,
    doc: defaults === undefined ? `The same for ${signal} alone.` : doc,
  });
  const address = defaults === undefined ? ownAddress(signal) : {};
  return {
    endpoint: row({
      ...of("ENDPOINT", defaults?.endpoint, "The collector; `/v1/traces` and its like are added."),
      ...address,
      kind: endpoint,
    }),
    protocol: row({
      ...of("PROTOCOL", defaults?.protocol, "How it is spoken to."),
      kind: oneOf<OtlpProtocol>(["http/protobuf", "http/json", "grpc"]),
    }),
    headers: row({
      ...of("HEADERS", defaults?.nothing, "Headers of every request."),
      kind: headers,
      fallback: {},
    }),
    timeout: row({
      ...of("TIMEOUT", defaults?.timeout, "Upper limit of one export, its retries included."),
      kind: timeout,
    }),
    compression: row({
      ...of("COMPRESSION", defaults?.compression, "How requests are packed."),
      kind: oneOf<"gzip" | "none">(["gzip", "none"]),
    }),
    ca: row({
      ...of(
        "CERTIFICATE",
        defaults?.nothing,
        "The authority that the collector's certificate is checked against.",
      ),
      kind: pemFile,
    }),
    cert: row({
      ...of("CLIENT_CERTIFICATE", defaults?.nothing, "Our own certificate, for mutual TLS."),
      kind: pemFile,
    }),
    key: row({
      ...of("CLIENT_KEY", defaults?.nothing, "Its private key."),
      kind: pemFile,
    }),
    insecure: row({
      ...of("INSECURE", defaults?.insecure, "gRPC without TLS, where the address has no scheme."),
      kind: flag,
    }),
  };
}

type Otlp = Omit<Row<undefined>, "kind">;

function ownAddress(signal: string): { readonly default: string; readonly doc: string } {
  return {
    default: `\`OTEL_EXPORTER_OTLP_ENDPOINT\` and \`v1/${signal}\``,
    doc: `The address of the collector for ${signal}, used as it is.`,
  };
}

interface Row<T> {
  readonly group: Group;
  readonly name: string;
  readonly kind: Kind<T>;
  readonly fallback: T;
  /** Where the fallback doesn't say it. */
  readonly default?: string;
  readonly doc: string;
}

function row<T>(of: Row<T>): Variable<T> {
  const variable = { ...of, default: of.default ?? shown(of.fallback), unsupported: undefined };
  rows.push(variable);
  return variable;
}

/** A value in words, as one would write it in the environment. */
export function shown(value: unknown): string {
  if (value === undefined) return "none";
  if (value === Infinity) return "no limit";
  if (Array.isArray(value)) return value.length > 0 ? value.join(",") : "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
