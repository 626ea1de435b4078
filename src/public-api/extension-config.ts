import type { HealthCheck, HealthCheckFunction, RedactionAdditions } from "../api.ts";

/*
 * The types of `defineConfig`. Those of OpenTelemetry and Sentry are described by what
 * telltale uses of them, since an app may have any version of their packages, or none.
 */

/** Values of attributes, by name. */
export type SpanAttributes = Readonly<Record<string, unknown>>;

/** Ids and flags of a span. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** A span that has started. */
export interface WritableSpan {
  spanContext(): SpanIds;
  setAttribute(key: string, value: string | number | boolean | string[]): unknown;
  addEvent(name: string, attributes?: Record<string, string | number | boolean>): unknown;
  updateName(name: string): unknown;
  isRecording(): boolean;
}

/** A span as processors and exporters read it: `ReadableSpan` of OpenTelemetry's SDK. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: number;
  readonly attributes: SpanAttributes;
  readonly status: { readonly code: number; readonly message?: string };
  readonly duration: [number, number];
  spanContext(): SpanIds;
}

/** `SpanProcessor` of OpenTelemetry's SDK. */
export interface ExtensionSpanProcessor {
  onStart(span: WritableSpan & FinishedSpan, parentContext: object): void;
  onEnding?(span: WritableSpan & FinishedSpan): void;
  onEnd(span: FinishedSpan): void;
  forceFlush?(): Promise<void>;
  shutdown?(): Promise<void>;
}

/** `SpanExporter` of OpenTelemetry's SDK. */
export interface ExtensionSpanExporter {
  export(spans: FinishedSpan[], resultCallback: (result: { code: number }) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/** `LogRecordProcessor` of OpenTelemetry's SDK. */
export interface ExtensionLogRecordProcessor {
  onEmit(record: ExtensionLogRecord, context?: object): void;
  forceFlush?(): Promise<void>;
  shutdown?(): Promise<void>;
}

/** A log record that is not exported yet. */
export interface ExtensionLogRecord {
  readonly body?: unknown;
  readonly attributes: SpanAttributes;
  readonly severityNumber?: number;
  readonly severityText?: string;
  setAttribute(key: string, value?: unknown): unknown;
  setBody(body: unknown): unknown;
}

/** `IMetricReader` of OpenTelemetry's SDK. */
export interface ExtensionMetricReader {
  setMetricProducer(producer: never): void;
  collect(options?: never): Promise<unknown>;
  forceFlush?(options?: never): Promise<void>;
}

/** `ViewOptions` of OpenTelemetry's SDK. */
export interface ExtensionView {
  readonly name?: string;
  readonly description?: string;
  readonly instrumentName?: string;
  readonly instrumentType?: string;
  readonly instrumentUnit?: string;
  readonly meterName?: string;
  readonly meterVersion?: string;
  readonly meterSchemaUrl?: string;
  readonly aggregation?: { readonly type: number; readonly options?: object };
  readonly aggregationCardinalityLimit?: number;
  readonly attributesProcessors?: readonly { process(incoming: never): object }[];
}

/** `Instrumentation` of OpenTelemetry. */
export interface ExtensionInstrumentation {
  setTracerProvider(provider: never): void;
  setMeterProvider(provider: never): void;
  enable(): void;
}

/** `Sampler` of OpenTelemetry's SDK. */
export interface ExtensionSampler {
  shouldSample(
    context: object,
    traceId: string,
    spanName: string,
    spanKind: number,
    attributes: SpanAttributes,
    links: unknown[],
  ): { decision: number; attributes?: SpanAttributes };
  toString(): string;
}

/** `IdGenerator` of OpenTelemetry's SDK. */
export interface ExtensionIdGenerator {
  generateTraceId(): string;
  generateSpanId(): string;
}

/** `TextMapPropagator` of OpenTelemetry's API. */
export interface ExtensionPropagator {
  inject(context: object, carrier: unknown, setter: object): void;
  extract(context: object, carrier: unknown, getter: object): object;
  fields(): string[];
}

/** `IncomingMessage` of `node:http`. */
export interface IncomingRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** `ServerResponse` of `node:http`. */
export interface OutgoingResponse {
  readonly statusCode: number;
  getHeader(name: string): unknown;
}

/** A check of `healthChecks`: a function, or a function with its options. */
export type ExtensionHealthCheck = HealthCheckFunction | Omit<HealthCheck, "name">;

/**
 * What a module of the app adds to telltale: `TELLTALE_EXTENSION`, or `telltale.config.js`. The
 * names are those of `NodeSDKConfiguration` of `@opentelemetry/sdk-node` and of Sentry's options.
 * All are optional.
 */
export interface ExtensionConfig {
  /** Get all spans, beside telltale's own export. */
  readonly spanProcessors?: readonly ExtensionSpanProcessor[];
  /** Gets all sampled spans in batches, beside telltale's own export. */
  readonly traceExporter?: ExtensionSpanExporter;
  /** Get all log records before they are exported, and may change them. */
  readonly logRecordProcessors?: readonly ExtensionLogRecordProcessor[];
  /** Read all metrics, beside the Prometheus page and telltale's own export. */
  readonly metricReaders?: readonly ExtensionMetricReader[];
  /** Change metrics; the first one that selects an instrument applies. */
  readonly views?: readonly ExtensionView[];
  /** Attributes of the resource. Those of the environment take precedence. */
  readonly resource?: { readonly attributes?: object };
  /** Detect further attributes of the resource. */
  readonly resourceDetectors?: readonly { detect(): unknown }[];
  /** `service.name`, if the environment has none. */
  readonly serviceName?: string;
  /** Instrumentations of OpenTelemetry, or lists of them. */
  readonly instrumentations?: readonly (
    | ExtensionInstrumentation
    | readonly ExtensionInstrumentation[]
  )[];
  /** Called with the span of each request of an HTTP server at its start. */
  requestHook?(span: WritableSpan, request: IncomingRequest): void;
  /** Called with the span of each request at its end. */
  responseHook?(span: WritableSpan, response: OutgoingResponse): void;
  /** Returns true for a request of HTTP/1 that is not recorded, with what it causes. */
  ignoreRequest?(request: IncomingRequest): boolean;
  /** Returns the name of the span of a request; undefined for telltale's. */
  spanName?(request: IncomingRequest, route: string | undefined): string | undefined;
  /** Takes the place of `OTEL_TRACES_SAMPLER`. */
  readonly sampler?: ExtensionSampler;
  /** Creates the ids of all spans. */
  readonly idGenerator?: ExtensionIdGenerator;
  /** Takes the place of `OTEL_PROPAGATORS`. Null: no header is read or sent. */
  readonly textMapPropagator?: ExtensionPropagator | null;
  /** Changes or drops (null) an event for Sentry. */
  readonly beforeSend?: (event: never, hint: never) => unknown;
  /** Changes or drops (null) a breadcrumb of an event. */
  readonly beforeBreadcrumb?: (breadcrumb: never) => unknown;
  /** What is a secret, or is none, beside telltale's policy. */
  readonly redaction?: RedactionAdditions;
  /** Readiness checks by their names. */
  readonly healthChecks?: Readonly<Record<string, ExtensionHealthCheck>>;
}

/** A configuration, or a function that creates it. */
export type ExtensionSource =
  | ExtensionConfig
  | Promise<ExtensionConfig>
  | (() => ExtensionConfig | Promise<ExtensionConfig>);
