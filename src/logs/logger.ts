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
  type FlushParts,
  nothingToFlush,
  ProviderFlush,
} from "../export/provider-flush.ts";
import { wallClock } from "../clock.ts";
import { type Moment, momentOf } from "./moment.ts";
import { traceIn } from "./correlation.ts";
import { exceptionOf } from "./exception.ts";
import { LogRecord, type RecordSettings, type RecordSource, type Scope } from "./record.ts";
import { read, setOwn } from "./value.ts";

/** Where finished records go; undefined: nowhere, so that none need be made. */
export type RecordSink = ((record: RecordSource) => void) | undefined;

/** More scopes than any app has by intention; beyond them each `getLogger` makes its own. */
const MAX_LOGGERS = 1000;

/** The way out that all loggers of a provider share; a shutdown closes it. */
interface RecordOutlet {
  sink: RecordSink;
}

/** Our `LoggerProvider` behind `@opentelemetry/api`. */
export class TelltaleLoggerProvider implements LoggerProvider {
  readonly #settings: RecordSettings;
  readonly #outlet: RecordOutlet;
  readonly #flush: ProviderFlush;
  readonly #loggers = new Map<string, TelltaleLogger>();

  constructor(settings: RecordSettings, sink: RecordSink, flush: FlushParts = nothingToFlush) {
    this.#settings = settings;
    this.#outlet = { sink };
    const stop = (): void => {
      this.#outlet.sink = undefined;
    };
    this.#flush = new ProviderFlush({ ...flush, stop });
  }

  getLogger(name: string, version?: string, options?: LoggerOptions): TelltaleLogger {
    const scope = scopeOf(name, version, options);
    const key = keyOf(scope);
    const known = this.#loggers.get(key);
    if (known !== undefined) return known;
    const logger = new TelltaleLogger(this.#settings, scope, this.#outlet);
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
  readonly #settings: RecordSettings;
  readonly #scope: Scope;
  readonly #outlet: RecordOutlet;

  constructor(settings: RecordSettings, scope: Scope, outlet: RecordOutlet) {
    this.#settings = settings;
    this.#scope = scope;
    this.#outlet = outlet;
  }

  enabled(): boolean {
    return this.#outlet.sink !== undefined;
  }

  /** For adaptors: a record of this logger's scope, to be filled in and given to `write`. */
  record(observedAt: Moment): LogRecord {
    return new LogRecord(this.#settings, this.#scope, observedAt);
  }

  /** For adaptors: the record goes out. */
  write(record: RecordSource): void {
    this.#outlet.sink?.(record);
  }

  emit(given: ApiRecord): void {
    const { sink } = this.#outlet;
    if (sink === undefined) return;
    try {
      sink(this.#recordOf(given));
    } catch {
      // No record at all, or one that can't be read. The app is not to hear of it.
    }
  }

  #recordOf(given: ApiRecord): LogRecord {
    const record = this.record(momentOf(given.observedTimestamp) ?? wallClock());
    const at = momentOf(given.timestamp);
    if (at !== undefined) record.happenedAt(at);
    setTrace(record, given.context);
    const { severityNumber, severityText, eventName } = given;
    if (isSeverity(severityNumber)) record.severityNumber = severityNumber;
    if (typeof severityText === "string") record.severityText = severityText;
    if (typeof eventName === "string") record.eventName = eventName;
    record.say(given.body);
    const exception = exceptionOf(given.exception, read);
    if (exception !== undefined) record.addException(exception);
    addAll(record, given.attributes);
    return record;
  }
}

function setTrace(record: LogRecord, context: ApiContext | undefined): void {
  try {
    const trace = traceIn(context ?? activeContext());
    if (trace !== undefined) record.spanContext = trace;
  } catch {
    // A foreign context or span: the record goes out without.
  }
}

/** After the exception's, since the app's own win over what we read from it. */
function addAll(record: LogRecord, attributes: Attributes | undefined): void {
  if (typeof attributes !== "object" || attributes === null) return;
  for (const key of Object.keys(attributes)) record.add(key, read(attributes, key));
}

function isSeverity(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 24;
}

/** As the SDK: a name is required, and of attributes only the simple types are taken. */
function scopeOf(name: unknown, version: unknown, options: unknown): Scope {
  const given = typeof options === "object" && options !== null ? options : {};
  const schemaUrl = read(given, "schemaUrl");
  const attributes = simpleAttributes(read(given, "attributes"));
  return {
    name: typeof name === "string" && name !== "" ? name : "unknown",
    ...(typeof version === "string" && { version }),
    ...(typeof schemaUrl === "string" && { schemaUrl }),
    ...(attributes !== undefined && { attributes }),
  };
}

/** The same for equal scopes, whatever the order of their attributes. */
function keyOf({ name, version, schemaUrl, attributes = {} }: Scope): string {
  const pairs = Object.keys(attributes)
    .toSorted()
    .map((key) => [key, exactly(attributes[key])]);
  return JSON.stringify([name, version, schemaUrl, pairs]);
}

/** What JSON makes the same of: -0 and 0, NaN, the infinities and null. */
function exactly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(exactly);
  if (typeof value !== "number") return value;
  return { number: Object.is(value, -0) ? "-0" : String(value) };
}

function simpleAttributes(given: unknown): Attributes | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const attributes: Attributes = {};
  try {
    for (const [key, value] of Object.entries(given)) {
      if (isSimple(value)) setOwn(attributes, key, structuredClone(value));
    }
  } catch {
    // What could be read before is enough.
  }
  return Object.keys(attributes).length > 0 ? attributes : undefined;
}

const SIMPLE: ReadonlySet<string> = new Set(["string", "number", "boolean"]);

function isSimple(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return SIMPLE.has(typeof value);
  const types = new Set(value.filter((item) => item !== null).map((item) => typeof item));
  return types.size <= 1 && [...types].every((type) => SIMPLE.has(type));
}
