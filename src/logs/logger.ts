import { types } from "node:util";
import type {
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
import { type Timestamp, parseTimestamp } from "./time/timestamp.ts";
import { EMPTY_LOG_CONTEXT, type LogContext, logContextIn } from "./correlation.ts";
import { exceptionOf } from "./exception.ts";
import { type LogObserver, observeRecord } from "./log-observer.ts";
import { loggerOutput } from "./logger-output.ts";
import { createScope, type LoggerScope, scopeKey } from "./logger-scope.ts";
import { LogRecord, type LoggerSharedState, type LogRecordSource } from "./log-record.ts";
import { readProperty } from "./value.ts";

/**
 * Receives finished records. Undefined without an exporter and log files: then no records
 * are created.
 *
 * @param isExportedByApp true for the line of a logger with an exporter over OTLP of its
 *   own: the record is only for the log files.
 */
export type LogRecordSink =
  | ((record: LogRecordSource, isExportedByApp?: boolean) => void)
  | undefined;

/** The scopes of OpenTelemetry's transports, which also take the name of an event from a field of a line. */
const LINE_SCOPES: ReadonlySet<string> = new Set([
  "@opentelemetry/winston-transport",
  "@opentelemetry/instrumentation-pino",
  "@opentelemetry/instrumentation-bunyan",
]);

/** More scopes than any app has by intention. Beyond them each `getLogger` creates a new logger. */
const MAX_LOGGERS = 1000;

/** What all loggers of a provider share. A shutdown removes the sink. */
interface LogOutput {
  sink: LogRecordSink;
  readonly observer: LogObserver | undefined;
}

/** The `LoggerProvider` that is registered with `@opentelemetry/api`. */
export class TelltaleLoggerProvider implements LoggerProvider {
  readonly #sharedState: LoggerSharedState;
  readonly #output: LogOutput;
  readonly #flush: ProviderFlush;
  readonly #loggers = new Map<string, TelltaleLogger>();

  constructor(
    sharedState: LoggerSharedState,
    sink: LogRecordSink,
    flush: ProviderFlushDeps = noopFlush,
    observer?: LogObserver,
  ) {
    this.#sharedState = sharedState;
    this.#output = { sink, observer };
    const onShutdown = (): void => {
      this.#output.sink = undefined;
    };
    this.#flush = new ProviderFlush({ ...flush, onShutdown });
  }

  /** Calls `receive`, which must not throw, with each later record before it is exported. */
  addReceiver(receive: (record: LogRecordSource) => void): void {
    const { sink } = this.#output;
    this.#output.sink = (record, isExportedByApp) => {
      if (isExportedByApp !== true) receive(record);
      sink?.(record, isExportedByApp);
    };
  }

  getLogger(name: string, version?: string, options?: LoggerOptions): TelltaleLogger {
    const scope = createScope(name, version, options);
    const key = scopeKey(scope);
    const existing = this.#loggers.get(key);
    if (existing !== undefined) return existing;
    const logger = new TelltaleLogger(this.#sharedState, scope, this.#output, this);
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
  readonly #output: LogOutput;
  readonly #provider: TelltaleLoggerProvider;
  readonly #named = new Map<string, TelltaleLogger>();

  constructor(
    sharedState: LoggerSharedState,
    scope: LoggerScope,
    output: LogOutput,
    provider: TelltaleLoggerProvider,
  ) {
    this.#sharedState = sharedState;
    this.#scope = scope;
    this.#output = output;
    this.#provider = provider;
  }

  /** Returns the logger whose scope is the name that the app gave its own; this one beyond a limit of names. */
  named(name: string, version: string): TelltaleLogger {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    if (this.#named.size >= MAX_LOGGERS) return this;
    const logger = this.#provider.getLogger(name, version);
    this.#named.set(name, logger);
    return logger;
  }

  /** Whether records are exported, or used for Sentry. */
  enabled(): boolean {
    return this.#output.sink !== undefined || this.#output.observer !== undefined;
  }

  /** Whether records are exported. */
  get exports(): boolean {
    return this.#output.sink !== undefined;
  }

  /** Whether errors in lines become events. */
  get capturesErrors(): boolean {
    return this.#output.observer?.captureError !== undefined;
  }

  /** Whether lines become breadcrumbs, also those that are not exported. */
  get addsBreadcrumbs(): boolean {
    return this.#output.observer?.addRecord !== undefined;
  }

  /** Creates an empty record with this logger's scope, for an adaptor to fill in and to `write`. */
  createRecord(observedTimestamp: Timestamp): LogRecord {
    return new LogRecord(this.#sharedState, this.#scope, observedTimestamp);
  }

  /**
   * Passes a record of an adaptor to the pipeline.
   *
   * @param error the error that the line reports, where it is known.
   * @param isExportedByApp whether a transport of the app exports the line over OTLP.
   */
  write(
    record: LogRecordSource,
    line: LogContext,
    error?: object,
    isExportedByApp?: boolean,
  ): void {
    this.observe(record, line, error);
    this.#output.sink?.(record, isExportedByApp);
  }

  /** Passes a record to the exporters alone. */
  export(record: LogRecordSource, isExportedByApp?: boolean): void {
    this.#output.sink?.(record, isExportedByApp);
  }

  /** Passes a record of a line that is not exported to the pipeline of errors. */
  observe(record: LogRecordSource, line: LogContext, error?: object): void {
    const { observer } = this.#output;
    if (observer !== undefined) observeRecord(observer, record, line, error);
  }

  emit(input: ApiRecord): void {
    if (!this.enabled()) return;
    try {
      if (this.#isLineOfLogger(input)) return;
      const line = contextOf(input);
      const { exception } = input;
      const record = this.#toRecord(input, line);
      this.write(record, line, types.isNativeError(exception) ? exception : undefined);
    } catch {
      // The app passed no record, or one that can't be read. Logging must not throw.
    }
  }

  /**
   * Whether a record is that of a line which an adaptor records: a transport or stream of
   * a logger emits it. An event of the app is no line, also if a transport emits it.
   */
  #isLineOfLogger({ eventName }: ApiRecord): boolean {
    const isEvent = typeof eventName === "string" && !LINE_SCOPES.has(this.#scope.name);
    return !isEvent && loggerOutput.isActive(wallClock());
  }

  #toRecord(input: ApiRecord, { spanContext }: LogContext): LogRecord {
    const record = this.createRecord(parseTimestamp(input.observedTimestamp) ?? wallClock());
    const timestamp = parseTimestamp(input.timestamp);
    if (timestamp !== undefined) record.setTimestamp(timestamp);
    if (spanContext !== undefined) record.spanContext = spanContext;
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

/** Returns the context of a record: the one that the app passed, or the active one. */
function contextOf({ context = activeContext() }: ApiRecord): LogContext {
  try {
    return logContextIn(context);
  } catch {
    // A foreign context or span throws. The record has no span context then.
    return EMPTY_LOG_CONTEXT;
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
