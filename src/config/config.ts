/**
 * What the rest of the house knows of the environment: one readonly value,
 * complete, with every default filled in. It is made by `parse.ts` from the
 * table in `variables.ts`.
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

export type ExemplarFilterName = "always_on" | "always_off" | "trace_based";

export type Temporality = "cumulative" | "delta" | "lowmemory";

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
export interface LambdaConfig {
  /** The directory of the function's code. */
  readonly taskRoot: string;
  /** `dist/orders.create`: the file in it without its extension, and what it exports. */
  readonly handler: string;
}

/** As `@opentelemetry/auto-instrumentations-node` calls them. */
export type ResourceDetectorName =
  | "env"
  | "host"
  | "os"
  | "process"
  | "serviceinstance"
  | "container";

/** What can give each middleware a span. */
export type MiddlewareFramework = "express" | "fastify" | "hapi" | "hono" | "koa" | "next";

export type OtlpProtocol = "http/protobuf" | "http/json" | "grpc";

/** Where one signal goes over OTLP, and how. */
export interface OtlpConfig {
  readonly protocol: OtlpProtocol;
  /**
   * The full address of the signal, `/v1/traces` and its like included (for gRPC
   * without a path). It holds no user or password; a query may hold a secret, so
   * lines that name it show `maskAddress(url)`.
   */
  readonly url: string;
  /** Names in lower case. User and password of the address are here, as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Upper limit of one export, its retries included, in milliseconds. */
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
   * Several collectors to divide traces among, each with all of its settings;
   * only there if `TELLTALE_OTLP_ENDPOINTS` names more than one. The address
   * above is the first one's then.
   */
  readonly gateways?: readonly OtlpConfig[];
  /** On those gateways: what it doesn't take goes to another. */
  readonly hasFailover?: true;
}

/** `OTEL_BSP_*` or `OTEL_BLRP_*`. */
export interface BatchConfig {
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  readonly delayMs: number;
  readonly exportTimeoutMs: number;
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
  readonly sampler: { readonly name: SamplerName; readonly ratio: number };
  readonly limits: SpanLimits;
  readonly batch: BatchConfig;
  readonly otlp: OtlpConfig;
  /** A local root that took longer keeps its trace; undefined: slowness keeps nothing. */
  readonly keepSlowMs: number | undefined;
}

export interface MetricsConfig {
  readonly exporters: readonly ("prometheus" | "otlp" | "console")[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly temporality: Temporality;
  readonly exemplarFilter: ExemplarFilterName;
  readonly otlp: OtlpConfig;
}

/** Which lines of `console` become records; the active ones belong to a span or a unit of work. */
export type ConsoleLines = "active" | "all";

/** Signals that ask a process to end; Node's answer to both is to die of them. */
export type TerminationSignal = "SIGTERM" | "SIGINT";

export interface LogsConfig {
  readonly exporters: readonly ("otlp" | "console")[];
  readonly limits: { readonly attributeCount: number; readonly attributeLength: number };
  readonly consoleLines: ConsoleLines;
  readonly batch: BatchConfig;
  readonly otlp: OtlpConfig;
}

export interface ErrorsConfig {
  /** Undefined: nothing of Sentry is loaded. */
  readonly dsn: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  /** 0 to 1, of events. */
  readonly sampleRate: number;
  readonly debug: boolean;
}

export interface Config {
  readonly disabled: boolean;
  readonly logLevel: LogLevel;
  /** `OTEL_SERVICE_NAME`, or `service.name` of the resource attributes; nothing that was found out. */
  readonly serviceName: string | undefined;
  /** `deployment.environment.name`: what the resource attributes, `SENTRY_ENVIRONMENT` or `NODE_ENV` say. */
  readonly environment: string | undefined;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly resourceDetectors: readonly ResourceDetectorName[];
  readonly propagators: readonly PropagatorName[];
  /** Beside these: what is read from what comes in and never written to what goes out. */
  readonly extractOnly: readonly PropagatorName[];
  /** HTTP methods that keep their name; any other is `_OTHER`. */
  readonly knownMethods: readonly string[];
  readonly instrumentations: {
    /** Undefined: all. */
    readonly enabled: readonly string[] | undefined;
    readonly disabled: readonly string[];
    readonly eager: boolean;
    /** By short name, then by the name of the option. */
    readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** The handler that AWS Lambda runs here; undefined elsewhere. */
    readonly lambda: LambdaConfig | undefined;
  };
  readonly admin: { readonly host: string; readonly port: number };
  readonly traces: TracesConfig;
  readonly metrics: MetricsConfig;
  readonly logs: LogsConfig;
  readonly errors: ErrorsConfig;
  /** The deadline of the one flush at the end of the process, in milliseconds. */
  readonly flushTimeoutMs: number;
  /** Those that are listened to while something is unsent. */
  readonly signals: readonly TerminationSignal[];
}
