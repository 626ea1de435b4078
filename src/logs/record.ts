import type { AnyValue, Attributes, HrTime, SpanContext } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { lazy } from "../lazy.ts";
import type { LogsConfig } from "../config/config.ts";
import type { NamesAndValues } from "../export/encoded-item.ts";
import type { PartedRecord } from "../export/messages.ts";
import { epochMsOf, isSameMoment, type Moment, momentOf, nearbyMs, pairOf } from "./moment.ts";
import type { ExceptionFields } from "./exception.ts";
import type { Snapshot } from "./snapshot.ts";
import { cut, setOwn } from "./value.ts";

const loadSnapshot = lazy<typeof import("./snapshot.ts")>("logs/snapshot.ts");

/** Who wrote a record, with the attributes that `getLogger` took. */
export type Scope = InstrumentationScope & {
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
};

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** A record, or what one is made of, when it is needed. */
export interface RecordSource {
  /** The same at every call. */
  finished(): LogRecord;
}

/** What all records of one pipeline share. */
export interface RecordSettings {
  readonly resource: Resource;
  readonly limits: LogsConfig["limits"];
}

/**
 * A log record as the SDK's exporters and OTLP serialisers read it
 * (`ReadableLogRecord`). Whoever writes it fills in plain values; the shapes that
 * exporters want are made when they ask, away from the line's own moment. What
 * the app could still change is copied at once.
 */
export class LogRecord implements ReadableLogRecord, PartedRecord, RecordSource {
  readonly instrumentationScope: Scope;
  spanContext?: SpanContext;
  severityNumber?: number;
  severityText?: string;
  eventName?: string;
  readonly #settings: RecordSettings;
  readonly observedAt: Moment;
  at: Moment;
  #stamp: string | undefined = undefined;
  /** Names and values in turn: cheaper to fill than an object. */
  readonly #fields: unknown[] = [];
  #body: AnyValue = undefined;
  #snapshot: Snapshot | undefined = undefined;
  #dropped = 0;
  #attributes: Attributes | undefined = undefined;

  constructor(settings: RecordSettings, scope: Scope, observedAt: Moment) {
    this.#settings = settings;
    this.instrumentationScope = scope;
    this.observedAt = observedAt;
    this.at = observedAt;
  }

  finished(): this {
    return this;
  }

  /** The time of the event itself, where that is another than now. */
  happenedAt(moment: Moment): void {
    this.at = moment;
  }

  /**
   * The line's own `timestamp`: the record's time if it is a date of ISO 8601
   * with a zone, else an attribute. Read only at export. Always true.
   */
  stamp(text: string): true {
    this.#stamp = text;
    return true;
  }

  /** Sets the body: text as it is, all else as a copy. Never throws. */
  say(body: unknown): void {
    this.#body = typeof body === "string" ? body : newSnapshot(Infinity).of(body);
  }

  /** Adds one attribute; of two with the same name the later counts. Never throws. */
  add(name: string, value: unknown): void {
    if (value === undefined || typeof value === "function") return;
    if (this.#hasRoomFor(name))
      this.#fields.push(name, isSimple(value) ? value : this.#copy(value));
  }

  /** The same of what only we have: it need not be copied. */
  addOwn(name: string, value: unknown): void {
    if (typeof value !== "object" || this.#longest() !== Infinity) this.add(name, value);
    else if (this.#hasRoomFor(name)) this.#fields.push(name, value);
  }

  #hasRoomFor(name: string): boolean {
    const { attributeCount } = this.#settings.limits;
    if (name !== "" && this.#fields.length < attributeCount * 2) return true;
    this.#dropped++;
    return false;
  }

  addException(exception: ExceptionFields): void {
    this.add("exception.type", exception.type);
    this.add("exception.message", exception.message);
    this.add("exception.stacktrace", exception.stacktrace);
  }

  get body(): AnyValue {
    return typeof this.#body === "string" ? cut(this.#body, Infinity) : this.#body;
  }

  get resource(): Resource {
    return this.#settings.resource;
  }

  get hrTime(): HrTime {
    if (this.#stamp !== undefined) this.#readStamp(this.#stamp);
    return pairOf(this.at);
  }

  get hrTimeObserved(): HrTime {
    return pairOf(this.observedAt);
  }

  /** Made once: a serialiser reads them twice. */
  get attributes(): Attributes {
    return (this.#attributes ??= this.#collect());
  }

  attributePairs(): NamesAndValues | undefined {
    if (this.#stamp !== undefined) this.#readStamp(this.#stamp);
    const fields = this.#fields;
    for (let at = 0; at < fields.length; at += 2) {
      for (let before = 0; before < at; before += 2) {
        if (fields[before] === fields[at]) return undefined;
      }
      const value = fields[at + 1];
      if (typeof value === "string") fields[at + 1] = cut(value, this.#longest());
    }
    return fields;
  }

  get droppedAttributesCount(): number {
    return this.#dropped;
  }

  #copy(value: unknown): AnyValue {
    this.#snapshot ??= newSnapshot(this.#longest());
    return this.#snapshot.of(value);
  }

  #collect(): Attributes {
    if (this.#stamp !== undefined) this.#readStamp(this.#stamp);
    const attributes: Attributes = {};
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      const value = fields[i + 1];
      const kept = typeof value === "string" ? cut(value, this.#longest()) : value;
      setOwn(attributes, fields[i] as string, kept);
    }
    return attributes;
  }

  #readStamp(stamp: string): void {
    this.#stamp = undefined;
    const near = nearbyMs(stamp, epochMsOf(this.at));
    if (near !== undefined && isSameMoment(near, this.at)) return;
    const said = ISO.test(stamp) ? momentOf(new Date(stamp)) : undefined;
    if (said === undefined) this.#fields.push("timestamp", stamp);
    // Else mostly a format's: the same moment in whole milliseconds, so ours is finer.
    else if (!isSameMoment(said, this.at)) this.at = said;
  }

  #longest(): number {
    return this.#settings.limits.attributeLength;
  }
}

/** Most records have words and numbers only. */
function newSnapshot(longest: number): Snapshot {
  return new (loadSnapshot().Snapshot)(longest);
}

function isSimple(value: unknown): value is string | number | boolean {
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean";
}
