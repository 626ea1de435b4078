import type { LoggerLevel } from "../api.ts";

/**
 * The configuration: one readonly value with all defaults filled in. The other
 * modules know the environment only through it. `parse.ts` creates it from the table
 * in `variables.ts`.
 */

export type LogLevel = "none" | "error" | "warn" | "info" | "debug" | "verbose" | "all";

export type PropagatorName =
  | "tracecontext"
  | "baggage"
  | "b3"
  | "b3multi"
  | "jaeger"
  | "xray"
  | "sentry";

export type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

export interface AdminConfig {
  readonly host: string;
  readonly port: number;
  /** Secret that allows changes. Undefined: none is possible. */
  readonly token: string | undefined;
  /** Undefined: the pages require no credentials. */
  readonly access: AdminAccess | undefined;
  /** Undefined: the server speaks HTTP. */
  readonly tls: AdminTls | undefined;
}

/** Profiles of the app in production: those that an operator asks for, or one each minute. */
export type ProfilingMode = "on_demand" | "continuous";

/** Where the profile of each minute is exported to. */
export type ProfileDestination = ProfileFolderOptions | ProfileReceiverOptions;

export interface ProfileFolderOptions {
  readonly kind: "folder";
  /** Absolute. */
  readonly path: string;
}

export interface ProfileReceiverOptions {
  /** Pyroscope, or anything that takes a POST of a file. */
  readonly kind: "pyroscope" | "http";
  /** Without user and password. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is profiled; undefined: nothing. */
export interface ProfilingConfig {
  readonly onDemand: boolean;
  /** Undefined: there are no continuous profiles. */
  readonly continuous: ProfileDestination | undefined;
}

/** How the process ends at a signal, if that is asked for. */
export interface GracefulShutdownConfig {
  /** From the signal to the end of the process, in milliseconds. */
  readonly deadlineMs: number;
  /** From the signal until the servers close, in milliseconds. */
  readonly waitMs: number;
  /** What `/readyz` responds from the signal on: 503, or as before. */
  readonly readiness: "fail" | "keep";
}

/** The credentials that the pages of the admin server accept. With neither, none are accepted. */
export interface AdminAccess {
  readonly token: SecretSource | undefined;
  readonly user: { readonly name: string; readonly password: SecretSource } | undefined;
  /** Whether `/livez`, `/readyz` and `/healthz` require credentials too. */
  readonly includesProbes: boolean;
}

/** A secret, or the variable and the path of a file that has it. */
export type SecretSource =
  | { readonly text: string }
  | { readonly variable: string; readonly file: string };

/** Paths of PEM files. */
export interface AdminTls {
  readonly certificate: string;
  readonly key: string;
}

/** How names of OpenTelemetry become those of Prometheus, as in the specification's file configuration. */
export type PrometheusTranslation =
  | "underscore_escaping_with_suffixes"
  | "underscore_escaping_without_suffixes"
  | "no_utf8_escaping_with_suffixes"
  | "no_translation";

/** The metrics whose samples have the labels of their scope: those of other scopes than telltale's own, or all. */
export type PrometheusScopeLabels = "others" | "all" | "none";

/** The form of the Prometheus page. */
export interface PrometheusConfig {
  readonly translation: PrometheusTranslation;
  readonly scopeLabels: PrometheusScopeLabels;
  /** Resource attributes that each sample has as labels. */
  readonly resourceLabels: readonly string[];
  /** Selects further ones. */
  readonly resourceLabelFilter?: AttributeFilter | undefined;
  readonly targetInfo: boolean;
  /** Whether the start of each total is on the OpenMetrics page. */
  readonly created: boolean;
  /** Whether histograms are native ones too, on the page in protobuf. */
  readonly nativeHistograms: boolean;
}

export type ExemplarFilterName = "always_on" | "always_off" | "trace_based";

export type Temporality = "cumulative" | "delta" | "lowmemory";

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
export interface LambdaConfig {
  /** Directory of the function's code. */
  readonly taskRoot: string;
  /** File without its extension and exported name: `dist/orders.create`. */
  readonly handler: string;
}

/** The names used by `@opentelemetry/auto-instrumentations-node`. */
export type ResourceDetectorName =
  | "env"
  | "host"
  | "os"
  | "process"
  | "serviceinstance"
  | "container";

/** Frameworks with an optional span for each middleware. */
export type MiddlewareFramework = "express" | "fastify" | "hapi" | "hono" | "koa" | "next";

export type OtlpProtocol = "http/protobuf" | "http/json" | "grpc";

/** The OTLP export of one signal. */
export interface OtlpConfig {
  readonly protocol: OtlpProtocol;
  /**
   * The full URL of the signal, including `/v1/traces` and its like (without a path for
   * gRPC). It has no user or password, but its query may contain a secret, so messages
   * show `maskAddress(url)`.
   */
  readonly url: string;
  /** Names in lower case. Includes user and password of the URL, as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Time limit of one export including its retries, in milliseconds. */
  readonly timeoutMs: number;
  readonly compression: "gzip" | "none";
  /** gRPC without TLS. */
  readonly insecure: boolean;
  /** Contents (PEM) of the files named by `OTEL_EXPORTER_OTLP_*CERTIFICATE` and `_CLIENT_KEY`. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
  /**
   * Collectors among which traces are load-balanced, each with its complete
   * configuration. Present only if `TELLTALE_OTLP_ENDPOINTS` has more than one URL; `url`
   * above is then the first one.
   */
  readonly gateways?: readonly OtlpConfig[];
  /** Set on gateways: batches that one of them does not accept are sent to another. */
  readonly hasFailover?: true;
}

/** What the log for development has: a line for each request, or for each query too. */
export type DevelopmentLogLevel = "requests" | "queries";
export type PipelineName = "telltale" | "sdk";

export interface ViewerConfig {
  /** Origin of the viewer that the app exports to: `http://localhost:9465`. */
  readonly url: string | undefined;
  /** Whether it may do so under `NODE_ENV=production`. */
  readonly isForced: boolean;
  /** Command that opens source files. */
  readonly editor: string | undefined;
  /** What is logged on stderr for a developer; undefined: nothing. */
  readonly requestLog: DevelopmentLogLevel | undefined;
  /** Whether responses have headers with their times. */
  readonly timingHeaders: boolean;
  /** Fingerprints and places of repeated calls that are not reported. */
  readonly ignoredCalls: readonly string[];
}

/** `OTEL_BSP_*` or `OTEL_BLRP_*`. */
export interface BatchConfig {
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  readonly delayMs: number;
  readonly exportTimeoutMs: number;
}

/** A further exporter of a configuration file, which has no counters. */
export interface FurtherExport {
  readonly otlp: OtlpConfig;
  readonly batch: BatchConfig;
}

/** A further reader of a configuration file, which has no counters. */
export interface FurtherReader {
  readonly otlp: OtlpConfig;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Undefined: no limit. */
  readonly maxBatchSize: number | undefined;
  readonly temporality: Temporality;
  readonly exponentialHistograms: boolean;
}

/** Infinity means no limit. */
export interface SpanLimits {
  readonly attributeCount: number;
  readonly attributeLength: number;
  readonly eventCount: number;
  readonly linkCount: number;
  readonly attributesPerEvent: number;
  readonly attributesPerLink: number;
}

export interface TracesConfig {
  readonly exporters: readonly ("otlp" | "console")[];
  readonly sampler: {
    readonly name: SamplerName;
    readonly ratio: number;
    /** The sampler of a configuration file, if it has no name. */
    readonly spec?: SamplerSpec | undefined;
  };
  /** Undefined: all tracers are enabled. */
  readonly scopes?: ScopeRules | undefined;
  readonly limits: SpanLimits;
  readonly batch: BatchConfig;
  readonly otlp: OtlpConfig;
  readonly further?: readonly FurtherExport[] | undefined;
  /** Minimum duration of a local root whose trace is kept. Undefined: its duration has no effect. */
  readonly keepSlowMs: number | undefined;
}

export interface MetricsConfig {
  readonly exporters: readonly ("prometheus" | "otlp" | "console")[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The number of data points in one request over OTLP. Undefined: no limit. */
  readonly maxBatchSize: number | undefined;
  readonly temporality: Temporality;
  readonly exemplarFilter: ExemplarFilterName;
  readonly mergeRules: readonly MetricMergeRule[];
  /** Whether histograms are exponential ones over OTLP. */
  readonly exponentialHistograms: boolean;
  /** Undefined if no variable changes an instrument. */
  readonly views: MetricViewsConfig | undefined;
  readonly prometheus: PrometheusConfig;
  /** Time from which code that blocks the event loop is a stall, in milliseconds; Infinity: never. */
  readonly stallMs: number;
  /** Whether the sizes of request and response bodies are recorded. */
  readonly bodySizes: boolean;
  /** Groups of runtime metrics that are off. */
  readonly disabledRuntimeMetrics: readonly RuntimeMetricGroup[];
  readonly otlp: OtlpConfig;
  readonly further?: readonly FurtherReader[] | undefined;
}

/** What applies to the instruments of a name, in any case. The name may end in `*`. */
export interface InstrumentRule<out T> {
  readonly name: string;
  readonly value: T;
}

/** Changes of instruments by their names. A rule of the full name precedes one with `*`, an earlier one a later one. */
export interface MetricViewsConfig {
  /** Names of instruments that record nothing; each may end in `*`. */
  readonly drop: readonly string[];
  /** New names by name. */
  readonly rename: readonly InstrumentRule<string>[];
  readonly dropAttributes: readonly InstrumentRule<readonly string[]>[];
  /** Boundaries of histograms. */
  readonly buckets: readonly InstrumentRule<readonly number[]>[];
  /** Maximum numbers of series. */
  readonly cardinalityLimits: readonly InstrumentRule<number>[];
  /** How long a series without measurements is exported, in milliseconds. Undefined: for ever. */
  readonly expireMs: number | undefined;
  /** Of a configuration file; each that selects an instrument results in a metric. */
  readonly declared?: readonly MetricView[] | undefined;
  /** Maximum numbers of series by the kind of the instrument. */
  readonly limitsByKind?: Readonly<Partial<Record<InstrumentKindName, number>>> | undefined;
  /** Undefined: all meters are enabled. */
  readonly scopes?: ScopeRules | undefined;
}

/** A group of metrics that telltale observes without the app. */
export type RuntimeMetricGroup =
  | "event_loop"
  | "gc"
  | "heap"
  | "resources"
  | "process"
  | "host"
  | "container"
  | "telemetry";

/** How the same series of several processes become one; `separate` keeps them apart by a label. */
export type MetricMergeRuleName = "sum" | "max" | "min" | "separate";

/** The rule of the metrics with this name, or with names that start with the part before `*`. */
export interface MetricMergeRule {
  readonly pattern: string;
  readonly rule: MetricMergeRuleName;
}

/** Selects the lines of `console` that become log records. Active ones belong to a span or a unit of work. */
export type ConsoleLines = "active" | "all";

/** Selects the requests of the access log. */
export type AccessLogRequests = "off" | "all" | "slow" | "errors";

/** Signals that request termination. By default both terminate Node. */
/** Signals that end a process by default: SIGHUP when its terminal is closed, SIGUSR2 by nodemon. */
export type TerminationSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGUSR2";

/** A signal that changes the levels of loggers. Node has no use for them. */
export type LevelSignal = "SIGUSR2" | "SIGHUP";

/** The level of the loggers of a name, and of those below it. */
export interface LogLevelRule {
  /** `*` for all loggers. */
  readonly name: string;
  readonly level: LoggerLevel;
}

/** How `telltale/logger` writes lines: as JSON, or as text for a reader. */
export type LineFormat = "json" | "text";
/** A log file: `application` is `application.log`. */
export type LogFileName = "application" | "errors" | "performance" | "security";

export interface LogFileLimits {
  /** Size from which a file is rotated; Infinity: never. */
  readonly maxBytes: number;
  /** Number of rotated files that are kept. */
  readonly maxBackups: number;
}

export interface LogFilesConfig {
  /** Absolute, or relative to the working directory at start. */
  readonly folder: string;
  readonly limits: Readonly<Record<LogFileName, LogFileLimits>>;
  /** Whether each day has its own files, by UTC. */
  readonly daily: boolean;
  /** Whether rotated files are compressed. */
  readonly compress: boolean;
}

export interface LogsConfig {
  readonly exporters: readonly ("otlp" | "console")[];
  /** What is exported of each logger. Undefined: everything. */
  readonly scopes?: ScopeRules | undefined;
  readonly limits: { readonly attributeCount: number; readonly attributeLength: number };
  /** Undefined: lines are written to no files. */
  readonly files: LogFilesConfig | undefined;
  readonly consoleLines: ConsoleLines;
  readonly levels: readonly LogLevelRule[];
  readonly levelSignal: LevelSignal | undefined;
  /** Secret of the headers by which a request asks for lines of level debug. Undefined: none can. */
  readonly debugSecret: string | undefined;
  /** Level from which lines are buffered, and written if their request fails. Undefined: none are. */
  readonly bufferLevel: LoggerLevel | undefined;
  /** Undefined: by NODE_ENV and the terminal. */
  readonly lineFormat: LineFormat | undefined;
  /** The value of NODE_ENV. */
  readonly nodeEnvironment: string | undefined;
  readonly accessLog: AccessLogRequests;
  /** Minimum duration of a slow request. Infinity: no request is slow. */
  readonly slowRequestMs: number;
  /** Whether each query is logged. */
  readonly queries: boolean;
  readonly batch: BatchConfig;
  readonly otlp: OtlpConfig;
  readonly further?: readonly FurtherExport[] | undefined;
}

/** An entry of `TELLTALE_IGNORE_ERRORS`. */
export type ErrorPattern =
  | { readonly kind: "text"; readonly text: string }
  | ({ readonly kind: "expression" } & PatternText);

/** The two parts of `/source/flags`. */
export interface PatternText {
  readonly source: string;
  readonly flags: string;
}

/** Options of Sentry's `dataCollection`. https://docs.sentry.io/platforms/javascript/guides/node/configuration/options/ */
export type DataCollectionName =
  | "userInfo"
  | "cookies"
  | "httpHeaders"
  | "httpBodies"
  | "urlQueryParams";

/** A module of the app. */
export interface ModuleReference {
  /** The name of a package, or a path. */
  readonly specifier: string;
  /** The working directory at start. */
  readonly folder: string;
}

/** What breadcrumbs are made of: log lines, outgoing HTTP calls, database queries. */
export type BreadcrumbKind = "log" | "http" | "query";

export interface ErrorsConfig {
  /** Undefined: Sentry is never loaded. */
  readonly dsn: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  /** Sample rate of events, from 0 to 1. */
  readonly sampleRate: number;
  /** Errors that are not reported. */
  readonly ignoreErrors: readonly ErrorPattern[];
  /** Routes whose errors are not reported; `*` is any text. */
  readonly ignoreTransactions: readonly string[];
  /** Exports the filters of events. */
  readonly beforeSend: ModuleReference | undefined;
  /** Where events are sent too, or only if there is no DSN. */
  readonly spotlight: string | undefined;
  /** Number of events of one error within a minute; 0 is no limit. */
  readonly repeatedErrors: number;
  readonly debug: boolean;
  /** Whether requests are counted for release health. */
  readonly sessions: boolean;
  /** Whether errors that the app logs become events. */
  readonly logEvents: boolean;
  readonly breadcrumbs: readonly BreadcrumbKind[];
  /** Whether any trace may be exported over OTLP. */
  readonly exportsTraces: boolean;
  /** Address of a trace, with placeholders. Undefined if no trace is. */
  readonly traceUrl: string | undefined;
  /** Address of the organization in Sentry, without a slash at the end. */
  readonly orgUrl: string | undefined;
  /** Whether jobs that libraries start by a schedule send check-ins. */
  readonly cronCheckIns: boolean;
  /** Data of requests that events have. */
  readonly dataCollection: readonly DataCollectionName[];
  /** Folder for events during an outage. Undefined: they are kept in memory only. */
  readonly spoolDir: string | undefined;
  /** Maximum size of the events in it. */
  readonly spoolMaxBytes: number;
}

/** Additions to the policy of secrets, and exceptions from it. */
export interface RedactionConfig {
  /** Names of further secret fields, in any spelling, and paths such as `user.*`. `*` is any text without a dot. */
  readonly fields: readonly string[];
  /** Names and paths of fields that are no secrets in this app. */
  readonly exceptions: readonly string[];
  /** Texts that are secrets wherever they are. */
  readonly patterns: readonly PatternText[];
  /** Texts that are no secrets, although they look like some. */
  readonly exceptionPatterns: readonly PatternText[];
  readonly emailAddresses: boolean;
  readonly ipAddresses: boolean;
}

/** A setting of its own type, since undefined is the value of an invalid variable. */
export interface RedactionSetting {
  /** Undefined: nothing is redacted. */
  readonly config: RedactionConfig | undefined;
}

/** Where alerts are sent. */
export interface AlertReceiver {
  /** Without user and password. The rest is a secret, too: messages show `maskAddress(url)`. */
  readonly url: string;
  /** User and password of the URL, as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly format: "slack" | "json";
}

/** Selects names by patterns, in which `*` is any text and `?` any character. */
export interface AttributeFilter {
  /** Undefined: all. */
  readonly included: readonly string[] | undefined;
  readonly excluded: readonly string[];
}

export type SamplerSpec =
  | { readonly kind: "always_on" }
  | { readonly kind: "always_off" }
  | { readonly kind: "ratio"; readonly ratio: number }
  | {
      readonly kind: "parent_based";
      readonly root: SamplerSpec;
      readonly remoteSampled: SamplerSpec;
      readonly remoteNotSampled: SamplerSpec;
      readonly localSampled: SamplerSpec;
      readonly localNotSampled: SamplerSpec;
    }
  | { readonly kind: "composite"; readonly sampler: ComposableSpec };

/** https://opentelemetry.io/docs/specs/otel/trace/sdk/#composablesampler */
export type ComposableSpec =
  | { readonly kind: "always_on" }
  | { readonly kind: "always_off" }
  | { readonly kind: "probability"; readonly ratio: number }
  | { readonly kind: "parent_threshold"; readonly root: ComposableSpec }
  | { readonly kind: "rule_based"; readonly rules: readonly SamplingRule[] };

export type SpanKindName = "internal" | "server" | "client" | "producer" | "consumer";
export type SpanParentName = "none" | "remote" | "local";

/** Selects spans that match all of its conditions. */
export interface SamplingRule {
  readonly values: { readonly key: string; readonly values: readonly string[] } | undefined;
  readonly patterns: ({ readonly key: string } & Partial<AttributeFilter>) | undefined;
  readonly kinds: readonly SpanKindName[] | undefined;
  readonly parents: readonly SpanParentName[] | undefined;
  readonly sampler: ComposableSpec;
}

/** What applies to tracers, meters or loggers; only loggers have severities and traces. */
export interface ScopeSettings {
  readonly isEnabled: boolean;
  /** Least number of a severity; 0: any. */
  readonly minSeverity: number;
  /** Whether records of traces that are not sampled are dropped. */
  readonly isTraceBased: boolean;
}

/** The settings of the scopes whose names match a pattern. */
export interface ScopeRule {
  readonly name: string;
  readonly settings: ScopeSettings;
}

/** The first rule applies. */
export interface ScopeRules {
  readonly rules: readonly ScopeRule[];
  readonly others: ScopeSettings;
}

/** The names of kinds of instruments in configuration files. */
export type InstrumentKindName =
  | "counter"
  | "gauge"
  | "histogram"
  | "observable_counter"
  | "observable_gauge"
  | "observable_up_down_counter"
  | "up_down_counter";

/** What a view makes of the measurements of an instrument. */
export type ViewAggregation =
  | { readonly kind: "drop" | "sum" | "last_value" }
  | {
      readonly kind: "explicit_histogram";
      /** Undefined: those of the instrument. */
      readonly boundaries: readonly number[] | undefined;
      readonly hasExtremes: boolean;
    }
  | {
      readonly kind: "exponential_histogram";
      readonly size: ExponentialSize;
      readonly hasExtremes: boolean;
    };

/** The limits of an exponential histogram. Undefined: those of the specification, 160 and 20. */
export interface ExponentialSize {
  /** The most buckets, of positive and of negative values each. */
  readonly maxSize?: number | undefined;
  /** The scale to begin with, which becomes lower until all values fit. */
  readonly maxScale?: number | undefined;
}

/** Changes the instruments that match all of its selector. */
export interface MetricView {
  readonly selector: {
    /** With `*` and `?`. */
    readonly name: string | undefined;
    readonly kind: InstrumentKindName | undefined;
    readonly unit: string | undefined;
    readonly meterName: string | undefined;
    readonly meterVersion: string | undefined;
    readonly meterSchemaUrl: string | undefined;
  };
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** Undefined: the one of the instrument's kind. */
  readonly aggregation: ViewAggregation | undefined;
  readonly cardinalityLimit: number | undefined;
  readonly attributes: AttributeFilter | undefined;
  /** The attributes that an extension of the app leaves out. */
  readonly droppedAttributes?: Pick<ReadonlySet<string>, "has"> | undefined;
}

type FileValue = string | number | boolean;

/** What a configuration file can express, and variables cannot. */
export interface FileParts {
  /** Resource attributes that are no texts. */
  readonly resourceAttributes?: Readonly<Record<string, FileValue | readonly FileValue[]>>;
  /** The detected attributes that the resource has. */
  readonly detectedAttributes?: AttributeFilter;
  readonly sampler?: SamplerSpec;
  readonly tracers?: ScopeRules;
  readonly meters?: ScopeRules;
  readonly loggers?: ScopeRules;
  readonly views?: readonly MetricView[];
  /** Maximum numbers of series by the kind of the instrument. */
  readonly cardinalityLimits?: Readonly<Partial<Record<InstrumentKindName, number>>>;
  /** The resource attributes that are labels on the Prometheus page. */
  readonly resourceLabels?: AttributeFilter;
}

export interface Config {
  readonly disabled: boolean;
  readonly logLevel: LogLevel;
  /** `OTEL_SERVICE_NAME` or `service.name` of the resource attributes. Never a detected name. */
  readonly serviceName: string | undefined;
  /** `deployment.environment.name`, from the resource attributes, `SENTRY_ENVIRONMENT`, the platform or `NODE_ENV`. */
  readonly environment: string | undefined;
  /** The commit that a platform or a CI system names in a variable. */
  readonly commit: { readonly value: string; readonly variable: string } | undefined;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly resourceDetectors: readonly ResourceDetectorName[];
  /** Resource attributes of a configuration file that are no texts. */
  readonly typedAttributes?: FileParts["resourceAttributes"];
  /** Selects the detected attributes. Undefined: all. */
  readonly detectedAttributes?: AttributeFilter | undefined;
  readonly propagators: readonly PropagatorName[];
  /** Additional formats that are extracted from incoming requests and never injected. */
  readonly extractOnly: readonly PropagatorName[];
  /** Whether the environment of processes propagates context too. */
  readonly environmentCarrier: boolean;
  /** HTTP methods that are recorded by name. Any other is recorded as `_OTHER`. */
  readonly knownMethods: readonly string[];
  readonly instrumentations: {
    /** Undefined: all. */
    readonly enabled: readonly string[] | undefined;
    readonly disabled: readonly string[];
    readonly eager: boolean;
    /** The options of each instrumentation, by its short name. */
    readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** The handler of this AWS Lambda function. Undefined elsewhere. */
    readonly lambda: LambdaConfig | undefined;
  };
  readonly admin: AdminConfig;
  readonly profiling: ProfilingConfig | undefined;
  /** What records and exports: telltale's own code, or the SDK of OpenTelemetry. */
  readonly pipeline: PipelineName;
  readonly traces: TracesConfig;
  readonly metrics: MetricsConfig;
  readonly logs: LogsConfig;
  readonly errors: ErrorsConfig;
  /** Where `telltale doctor` observes the process; undefined: it does not. */
  readonly doctorFolder: string | undefined;
  readonly viewer: ViewerConfig;
  /** The app's module with parts of its own; undefined: a file beside its `package.json`. */
  readonly extension: ModuleReference | undefined;
  /** Undefined: no alert is sent. */
  readonly alertReceiver: AlertReceiver | undefined;
  /** Undefined: nothing is redacted. */
  readonly redaction: RedactionConfig | undefined;
  /** Fields to read of the user that a framework knows; empty: none is read. */
  readonly userFields: readonly string[];
  /** Deadline of the flush at process exit, in milliseconds. */
  readonly flushTimeoutMs: number;
  /** Signals with a listener while there is unsent telemetry. */
  readonly signals: readonly TerminationSignal[];
  /** Undefined: telltale does not end the process in order. */
  readonly gracefulShutdown: GracefulShutdownConfig | undefined;
}
