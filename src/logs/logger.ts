import type {
  Context as ApiContext,
  Attributes,
  Logger,
  LoggerOptions,
  LoggerProvider,
  LogRecord as ApiRecord,
} from "@opentelemetry/api";
import { activeContext } from "../context/manager.ts";
import {
  type FlushOptions,
  type ProviderFlushDeps,
  noopFlush,
  ProviderFlush,
} from "../export/provider-flush.ts";
import { wallClock } from "../clock.ts";
import { type Timestamp, parseTimestamp } from "./timestamp.ts";
import { spanContextIn } from "./correlation.ts";
import { exceptionOf } from "./exception.ts";
import { createScope, type LoggerScope, scopeKey } from "./logger-scope.ts";
import { LogRecord, type LoggerSharedState, type LogRecordSource } from "./log-record.ts";
import { readProperty } from "./value.ts";

/** Receives finished records. Undefined without an exporter: then no records are created. */
export type LogRecordSink = ((record: LogRecordSource) => void) | undefined;

/** More scopes than any app has by intention. Beyond them each `getLogger` creates a new logger. */
const MAX_LOGGERS = 1000;

/** The sink that all loggers of a provider share; a shutdown removes it. */
interface SinkRef {
  sink: LogRecordSink;
}

/** The `LoggerProvider` that is registered with `@opentelemetry/api`. */
export class TelltaleLoggerProvider implements LoggerProvider {
  readonly #sharedState: LoggerSharedState;
  readonly #sinkRef: SinkRef;
  readonly #flush: ProviderFlush;
  readonly #loggers = new Map<string, TelltaleLogger>();

  constructor(
    sharedState: LoggerSharedState,
    sink: LogRecordSink,
    flush: ProviderFlushDeps = noopFlush,
  ) {
    this.#sharedState = sharedState;
    this.#sinkRef = { sink };
    const onShutdown = (): void => {
      this.#sinkRef.sink = undefined;
    };
    this.#flush = new ProviderFlush({ ...flush, onShutdown });
  }

  getLogger(name: string, version?: string, options?: LoggerOptions): TelltaleLogger {
    const scope = createScope(name, version, options);
    const key = scopeKey(scope);
    const existing = this.#loggers.get(key);
    if (existing !== undefined) return existing;
    const logger = new TelltaleLogger(this.#sharedState, scope, this.#sinkRef);
    if (this.#loggers.size < MAX_LOGGERS) this.#loggers.set(key, logger);
    return logger;
  }

  /** Exports the queued records. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  /** Exports the queued records and stops the loggers: they make no further records. Never rejects. */
  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }
}

/** The API's `Logger`, with a faster way in for telltale's adaptors: `createRecord` and `write`. */
export class TelltaleLogger implements Logger {
  readonly #sharedState: LoggerSharedState;
  readonly #scope: LoggerScope;
  readonly #sinkRef: SinkRef;

  constructor(sharedState: LoggerSharedState, scope: LoggerScope, sinkRef: SinkRef) {
    this.#sharedState = sharedState;
    this.#scope = scope;
    this.#sinkRef = sinkRef;
  }

  enabled(): boolean {
    return this.#sinkRef.sink !== undefined;
  }

  /** Creates an empty record with this logger's scope, for an adaptor to fill in and to `write`. */
  createRecord(observedTimestamp: Timestamp): LogRecord {
    return new LogRecord(this.#sharedState, this.#scope, observedTimestamp);
  }

  /** Passes a record of an adaptor to the pipeline. */
  write(record: LogRecordSource): void {
    this.#sinkRef.sink?.(record);
  }

  emit(input: ApiRecord): void {
    const { sink } = this.#sinkRef;
    if (sink === undefined) return;
    try {
      sink(this.#toRecord(input));
    } catch {
      // The app passed no record, or one that can't be read. Logging must not throw.
    }
  }

  #toRecord(input: ApiRecord): LogRecord {
    const record = this.createRecord(parseTimestamp(input.observedTimestamp) ?? wallClock());
    const timestamp = parseTimestamp(input.timestamp);
    if (timestamp !== undefined) record.setTimestamp(timestamp);
    setSpanContext(record, input.context);
    const { severityNumber, severityText, eventName } = input;
    if (isSeverity(severityNumber)) record.severityNumber = severityNumber;
    if (typeof severityText === "string") record.severityText = severityText;
    if (typeof eventName === "string") record.eventName = eventName;
    record.setBody(input.body);
    const exception = exceptionOf(input.exception, readProperty);
    if (exception !== undefined) record.addException(exception);
    addAttributes(record, input.attributes);
    return record;
  }
}

function setSpanContext(record: LogRecord, context: ApiContext | undefined): void {
  try {
    const spanContext = spanContextIn(context ?? activeContext());
    if (spanContext !== undefined) record.spanContext = spanContext;
  } catch {
    // A foreign context or span throws. The record has no span context then.
  }
}

/** Adds the app's attributes, after those of the exception, so that the app's values win. */
function addAttributes(record: LogRecord, attributes: Attributes | undefined): void {
  if (typeof attributes !== "object" || attributes === null) return;
  for (const key of Object.keys(attributes))
    record.setAttribute(key, readProperty(attributes, key));
}

function isSeverity(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 24;
}
