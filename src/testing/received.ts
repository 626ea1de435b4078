/*
 * The items that the receiver stores: plain objects that tests can compare with literals,
 * and that JSON represents unchanged.
 */

export type ReceivedValue =
  | string
  | number
  | boolean
  | null
  | readonly ReceivedValue[]
  | { readonly [key: string]: ReceivedValue };

export type ReceivedAttributes = Readonly<Record<string, ReceivedValue>>;

export interface ReceivedResource {
  readonly attributes: ReceivedAttributes;
  readonly schemaUrl: string;
}

export interface ReceivedScope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly attributes: ReceivedAttributes;
}

export type SpanKindName =
  | "UNSPECIFIED"
  | "INTERNAL"
  | "SERVER"
  | "CLIENT"
  | "PRODUCER"
  | "CONSUMER";

export interface ReceivedSpan {
  /** Lower-case hex, like all ids here. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root, as in OTLP. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKindName;
  /** Nanoseconds since 1970, as text, because they exceed a number's precision. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  /** Computed from the exact nanoseconds. */
  readonly durationMs: number;
  readonly attributes: ReceivedAttributes;
  readonly events: readonly ReceivedSpanEvent[];
  readonly links: readonly ReceivedLink[];
  readonly status: { readonly code: "UNSET" | "OK" | "ERROR"; readonly message: string };
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
  readonly resource: ReceivedResource;
  readonly scope: ReceivedScope;
}

export interface ReceivedSpanEvent {
  readonly name: string;
  readonly timeUnixNano: string;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributesCount: number;
}

export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributesCount: number;
}

export interface ReceivedLog {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: ReceivedValue;
  readonly eventName: string;
  readonly attributes: ReceivedAttributes;
  readonly droppedAttributesCount: number;
  /** Empty for a record without a trace. */
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly resource: ReceivedResource;
  readonly scope: ReceivedScope;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary";
  readonly temporality: "unspecified" | "delta" | "cumulative";
  readonly monotonic: boolean;
  readonly points: readonly ReceivedPoint[];
  readonly resource: ReceivedResource;
  readonly scope: ReceivedScope;
}

/** One data point. Fields that its type lacks are undefined. */
export interface ReceivedPoint {
  readonly attributes: ReceivedAttributes;
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly value: number | undefined;
  readonly count: number | undefined;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly bounds: readonly number[] | undefined;
  readonly buckets: readonly number[] | undefined;
  /** Of a summary. */
  readonly quantiles?: readonly { readonly quantile: number; readonly value: number }[];
  readonly exemplars: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly value: number;
    readonly attributes: ReceivedAttributes;
  }[];
}

/** One item of a Sentry envelope. */
export interface ReceivedItem {
  /** `event`, `session`, `check_in`, `client_report`, … */
  readonly type: string;
  readonly project: string;
  readonly publicKey: string;
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
  /** Parsed if it is JSON, otherwise text. */
  readonly payload: unknown;
}

/** Step before an event. */
export interface ReceivedBreadcrumb {
  readonly type?: string;
  readonly category?: string;
  readonly level?: string;
  readonly message?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly timestamp?: number;
}

/** A Sentry event. Only the fields that are used here are typed. */
export interface ReceivedEvent {
  readonly event_id?: string;
  readonly level?: string;
  readonly message?: string | { readonly formatted?: string };
  readonly transaction?: string;
  readonly environment?: string;
  readonly release?: string;
  readonly server_name?: string;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly breadcrumbs?: readonly ReceivedBreadcrumb[];
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly exception?: {
    readonly values?: readonly {
      readonly type?: string;
      readonly value?: string;
      readonly mechanism?: Readonly<Record<string, unknown>>;
      readonly stacktrace?: { readonly frames?: readonly Readonly<Record<string, unknown>>[] };
    }[];
  };
  readonly [field: string]: unknown;
}

/** A check-in of a Sentry monitor. */
export interface ReceivedCheckIn {
  readonly check_in_id: string;
  readonly monitor_slug: string;
  readonly status: string;
  /** In seconds. */
  readonly duration?: number;
  readonly environment?: string;
  readonly release?: string;
  readonly monitor_config?: Readonly<Record<string, unknown>>;
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * Counts of sessions of release health.
 * https://develop.sentry.dev/sdk/telemetry/sessions/#session-aggregates-payload
 */
export interface ReceivedSessions {
  readonly attrs?: Readonly<Record<string, string>>;
  readonly aggregates: readonly {
    /** Start of the minute, in ISO 8601. */
    readonly started: string;
    readonly exited?: number;
    readonly errored?: number;
    readonly crashed?: number;
    readonly abnormal?: number;
  }[];
}

/**
 * Items that a client has lost, by reason and category.
 * https://develop.sentry.dev/sdk/telemetry/client-reports/
 */
export interface ReceivedClientReport {
  readonly timestamp?: number | string;
  readonly discarded_events: readonly {
    readonly reason: string;
    readonly category: string;
    readonly quantity: number;
  }[];
}

/** One received request. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Identifies the connection. */
  readonly connection: number;
  /** Length of the body before decompression. */
  readonly bytes: number;
  /** Time of arrival by a monotonic clock, in milliseconds (`performance.now()` of the receiver). */
  readonly at: number;
  /** Status of the response. Undefined before or without a response. */
  readonly status: number | undefined;
}
