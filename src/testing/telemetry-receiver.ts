import type {
  RecordedAttributes,
  RecordedEvent,
  RecordedLog,
  RecordedPoint,
  RecordedSpan,
} from "../development/test-recorder.ts";
import { prepareFailure } from "./observation/failure.ts";
import { type Match, match, type Pattern } from "./observation/matching.ts";
import type { ReceivedLog, ReceivedMetric, ReceivedPoint, ReceivedSpan } from "./received.ts";
import { type Receiver, startReceiver as startServer } from "./receiver.ts";

/** An item, and the resource of the process that has sent it. */
export type FromProcess<Item> = Item & {
  /** `service.name`, `process.pid` and others. */
  readonly resource: RecordedAttributes;
};

/** What processes have sent so far, oldest first. */
export interface ReceivedTelemetry {
  readonly spans: readonly FromProcess<RecordedSpan>[];
  readonly logs: readonly FromProcess<RecordedLog>[];
  /** The newest value of each series of each process. */
  readonly metrics: readonly FromProcess<RecordedPoint>[];
  /** Events of Sentry. */
  readonly events: readonly RecordedEvent[];
}

export interface ReceiverOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, any free port. */
  readonly port?: number;
}

export interface WaitOptions {
  /** In milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * A receiver of OTLP over HTTP and of Sentry's events, which keeps all in memory. Assertions and
 * matchers take it as they take what `observe` returns.
 */
export interface TelemetryReceiver extends ReceivedTelemetry {
  /** Variables of a process that sends to it, often. Spread them behind `process.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** A value for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** A value for `SENTRY_DSN`. */
  readonly dsn: string;
  /** Resolves with the first span that matches. Rejects with the nearest one when the time is over. */
  waitForSpan(
    pattern: Pattern<FromProcess<RecordedSpan>>,
    options?: WaitOptions,
  ): Promise<FromProcess<RecordedSpan>>;
  /** As `waitForSpan`, for a log record. */
  waitForLog(
    pattern: Pattern<FromProcess<RecordedLog>>,
    options?: WaitOptions,
  ): Promise<FromProcess<RecordedLog>>;
  /** As `waitForSpan`, for the newest value of a series. */
  waitForMetric(
    pattern: Pattern<FromProcess<RecordedPoint>>,
    options?: WaitOptions,
  ): Promise<FromProcess<RecordedPoint>>;
  /** As `waitForSpan`, for an event of Sentry. */
  waitForEvent(pattern: Pattern<RecordedEvent>, options?: WaitOptions): Promise<RecordedEvent>;
  /** Resolves with what `find` returns, as soon as that is neither undefined nor false. */
  waitFor<Found>(
    find: (received: ReceivedTelemetry) => Found | undefined | false,
    options?: WaitOptions,
  ): Promise<Found>;
  /** Resolves when no process is connected: all that an ended one has sent is received then. */
  settled(): Promise<void>;
  /** Forgets what was received. */
  clear(): void;
  /** Closes all connections and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a receiver for the telemetry of other processes. It does not keep this process alive,
 * and its requests are in no trace.
 *
 * @throws if the port is in use.
 */
export async function startReceiver({
  host = "127.0.0.1",
  port = 0,
}: ReceiverOptions = {}): Promise<TelemetryReceiver> {
  return new ServedTelemetry(await startServer({ host, port, keepsAlive: false }));
}

const DEFAULT_TIMEOUT_MS = 10_000;

class ServedTelemetry implements TelemetryReceiver {
  readonly #server: Receiver;
  readonly #spanOf: (span: ReceivedSpan) => FromProcess<RecordedSpan> = once(recordedSpan);
  readonly #logOf: (record: ReceivedLog) => FromProcess<RecordedLog> = once(recordedLog);

  constructor(server: Receiver) {
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  get dsn(): string {
    return this.#server.dsn;
  }

  get env(): Readonly<Record<string, string>> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      SENTRY_DSN: this.dsn,
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_BLRP_SCHEDULE_DELAY: "100",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
      TELLTALE_FLUSH_TIMEOUT: "10000",
    };
  }

  get spans(): ReceivedTelemetry["spans"] {
    return this.#server.spans.map(this.#spanOf);
  }

  get logs(): ReceivedTelemetry["logs"] {
    return this.#server.logs.map(this.#logOf);
  }

  get metrics(): ReceivedTelemetry["metrics"] {
    return newestPoints(this.#server.metrics);
  }

  get events(): ReceivedTelemetry["events"] {
    return this.#server.events;
  }

  waitForSpan(
    pattern: Pattern<FromProcess<RecordedSpan>>,
    options?: WaitOptions,
  ): Promise<FromProcess<RecordedSpan>> {
    const find = (): Match<FromProcess<RecordedSpan>> =>
      match<"spans", FromProcess<RecordedSpan>>(this, "spans", pattern);
    return this.#wait(find, options, this.waitForSpan);
  }

  waitForLog(
    pattern: Pattern<FromProcess<RecordedLog>>,
    options?: WaitOptions,
  ): Promise<FromProcess<RecordedLog>> {
    const find = (): Match<FromProcess<RecordedLog>> =>
      match<"logs", FromProcess<RecordedLog>>(this, "logs", pattern);
    return this.#wait(find, options, this.waitForLog);
  }

  waitForMetric(
    pattern: Pattern<FromProcess<RecordedPoint>>,
    options?: WaitOptions,
  ): Promise<FromProcess<RecordedPoint>> {
    const find = (): Match<FromProcess<RecordedPoint>> =>
      match<"metrics", FromProcess<RecordedPoint>>(this, "metrics", pattern);
    return this.#wait(find, options, this.waitForMetric);
  }

  waitForEvent(pattern: Pattern<RecordedEvent>, options?: WaitOptions): Promise<RecordedEvent> {
    return this.#wait(() => match(this, "events", pattern), options, this.waitForEvent);
  }

  waitFor<Found>(
    find: (received: ReceivedTelemetry) => Found | undefined | false,
    options?: WaitOptions,
  ): Promise<Found> {
    const message = "`find` has found nothing";
    return this.#wait(() => ({ item: find(this) || undefined, message }), options, this.waitFor);
  }

  settled(): Promise<void> {
    return this.#server.settled();
  }

  clear(): void {
    this.#server.clear();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Waits for an item. The message of the last match is that of the failure, with the line of the test. */
  async #wait<Item>(
    find: () => Match<Item>,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: WaitOptions = {},
    caller: (...args: never[]) => unknown,
  ): Promise<Item> {
    const failed = prepareFailure(caller);
    let { item, message } = find();
    if (item !== undefined) return item;
    const findAgain = (): Item | undefined => {
      ({ item, message } = find());
      return item;
    };
    return this.#server.waitFor(findAgain, "match", timeoutMs).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      const hint = this.#server.requests.length === 0 ? `\n  ${NOTHING_RECEIVED}` : "";
      throw failed(`${message}\n  ${reason}${hint}`);
    });
  }
}

const NOTHING_RECEIVED =
  "no process has sent anything: start it with --import telltale/register and the variables of `env`";

/** Returns a function that converts each item once: its result stays the same object. */
function once<Received extends object, Converted>(
  convert: (item: Received) => Converted,
): (item: Received) => Converted {
  const converted = new WeakMap<Received, Converted>();
  return (item) => {
    const known = converted.get(item) ?? convert(item);
    converted.set(item, known);
    return known;
  };
}

const spanKinds = {
  UNSPECIFIED: "internal",
  INTERNAL: "internal",
  SERVER: "server",
  CLIENT: "client",
  PRODUCER: "producer",
  CONSUMER: "consumer",
} as const;

const statuses = { UNSET: "unset", OK: "ok", ERROR: "error" } as const;

function recordedSpan(span: ReceivedSpan): FromProcess<RecordedSpan> {
  const { name, traceId, spanId, attributes, durationMs } = span;
  return {
    ...{ name, traceId, spanId, attributes, durationMs },
    parentSpanId: span.parentSpanId || undefined,
    kind: spanKinds[span.kind],
    status: statuses[span.status.code],
    statusMessage: span.status.message || undefined,
    events: span.events.map((event) => ({ name: event.name, attributes: event.attributes })),
    startMs: Number(BigInt(span.startTimeUnixNano) / 1000n) / 1e3,
    scope: span.scope.name,
    resource: span.resource.attributes,
  };
}

function recordedLog(record: ReceivedLog): FromProcess<RecordedLog> {
  const { body, attributes, severityNumber } = record;
  return {
    ...{ body, attributes, severityNumber },
    severity: record.severityText || undefined,
    traceId: record.traceId || undefined,
    spanId: record.spanId || undefined,
    scope: record.scope.name,
    place: undefined,
    resource: record.resource.attributes,
  };
}

const metricKinds = {
  gauge: "gauge",
  sum: "counter",
  histogram: "histogram",
  exponentialHistogram: "histogram",
  summary: "histogram",
} as const;

function newestPoints(metrics: readonly ReceivedMetric[]): FromProcess<RecordedPoint>[] {
  const points = new Map<string, FromProcess<RecordedPoint>>();
  for (const metric of metrics) {
    for (const point of metric.points) {
      const series = [metric.resource.attributes, metric.name, point.attributes];
      points.set(JSON.stringify(series), recordedPoint(metric, point));
    }
  }
  return [...points.values()];
}

function recordedPoint(
  { name, unit, type, resource }: ReceivedMetric,
  { attributes, value, sum, count }: ReceivedPoint,
): FromProcess<RecordedPoint> {
  const kind = metricKinds[type];
  return {
    ...{ name, unit, kind, attributes, count },
    value: value ?? sum ?? 0,
    resource: resource.attributes,
  };
}
