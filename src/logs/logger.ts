import type {
  Context as ApiContext,
  Attributes,
  AttributeValue,
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
import {
  LogRecord,
  type LoggerSharedState,
  type LogRecordSource,
  type LoggerScope,
} from "./log-record.ts";
import { readProperty, setOwnProperty } from "./value.ts";

/** Where finished records go; undefined: nowhere, so that none need be made. */
export type LogRecordSink = ((record: LogRecordSource) => void) | undefined;

/** More scopes than any app has by intention; beyond them each `getLogger` makes its own. */
const MAX_LOGGERS = 1000;

/** The way out that all loggers of a provider share; a shutdown closes it. */
interface SinkRef {
  sink: LogRecordSink;
}

/** Our `LoggerProvider` behind `@opentelemetry/api`. */
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
    const scope = scopeOf(name, version, options);
    const key = scopeKey(scope);
    const existing = this.#loggers.get(key);
    if (existing !== undefined) return existing;
    const logger = new TelltaleLogger(this.#sharedState, scope, this.#sinkRef);
    if (this.#loggers.size < MAX_LOGGERS) this.#loggers.set(key, logger);
    return logger;
  }

  /** Sends the records that were made. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  /** From now on its loggers make no records. Never rejects. */
  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }
}

/** The API's `Logger`, and the short way in for our own adaptors. */
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

  /** For adaptors: a record of this logger's scope, to be filled in and given to `write`. */
  createRecord(observedTimestamp: Timestamp): LogRecord {
    return new LogRecord(this.#sharedState, this.#scope, observedTimestamp);
  }

  /** For adaptors: the record goes out. */
  write(record: LogRecordSource): void {
    this.#sinkRef.sink?.(record);
  }

  emit(input: ApiRecord): void {
    const { sink } = this.#sinkRef;
    if (sink === undefined) return;
    try {
      sink(this.#toRecord(input));
    } catch {
      // No record at all, or one that can't be read. The app is not to hear of it.
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
    // A foreign context or span: the record goes out without.
  }
}

/** After the exception's, since the app's own win over what we read from it. */
function addAttributes(record: LogRecord, attributes: Attributes | undefined): void {
  if (typeof attributes !== "object" || attributes === null) return;
  for (const key of Object.keys(attributes))
    record.setAttribute(key, readProperty(attributes, key));
}

function isSeverity(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 24;
}

/** As the SDK: a name is required, and of attributes only the simple types are taken. */
function scopeOf(name: unknown, version: unknown, options: unknown): LoggerScope {
  const input = typeof options === "object" && options !== null ? options : {};
  const schemaUrl = readProperty(input, "schemaUrl");
  const attributes = simpleAttributes(readProperty(input, "attributes"));
  return {
    name: typeof name === "string" && name !== "" ? name : "unknown",
    ...(typeof version === "string" && { version }),
    ...(typeof schemaUrl === "string" && { schemaUrl }),
    ...(attributes !== undefined && { attributes }),
  };
}

/** The same for equal scopes, whatever the order of their attributes. */
function scopeKey({ name, version, schemaUrl, attributes = {} }: LoggerScope): string {
  const pairs = Object.keys(attributes)
    .toSorted()
    .map((key) => [key, encodeNumbers(attributes[key])]);
  return JSON.stringify([name, version, schemaUrl, pairs]);
}

/** What JSON makes the same of: -0 and 0, NaN, the infinities and null. */
function encodeNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodeNumbers);
  if (typeof value !== "number") return value;
  return { number: Object.is(value, -0) ? "-0" : String(value) };
}

function simpleAttributes(input: unknown): Attributes | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const attributes: Attributes = {};
  try {
    for (const [key, value] of Object.entries(input)) {
      if (isAttributeValue(value)) setOwnProperty(attributes, key, structuredClone(value));
    }
  } catch {
    // What could be read before is enough.
  }
  return Object.keys(attributes).length > 0 ? attributes : undefined;
}

const SCALAR_TYPES: ReadonlySet<string> = new Set(["string", "number", "boolean"]);

function isAttributeValue(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return SCALAR_TYPES.has(typeof value);
  const types = new Set(value.filter((item) => item !== null).map((item) => typeof item));
  return types.size <= 1 && [...types].every((type) => SCALAR_TYPES.has(type));
}
