import type { AnyValue, Attributes, HrTime, SpanContext } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { lazy } from "../lazy.ts";
import type { LogsConfig } from "../config/config.ts";
import type { FlatAttributes } from "../export/otlp/encoded-item.ts";
import type { EncodableRecord } from "../export/otlp/otlp-protobuf.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { ExceptionFields } from "./exception.ts";
import type { LoggerScope } from "./logger-scope.ts";
import {
  epochMsOf,
  isSameTime,
  parseTimestamp,
  type Timestamp,
  toHrTime,
} from "./time/timestamp.ts";
import { timestampCache } from "./time/timestamp-cache.ts";
import type { ValueCopier } from "./value-copier.ts";
import { isScalar, setOwnProperty, truncateWellFormed } from "./value.ts";

const loadValueCopier = lazy<typeof import("./value-copier.ts")>("logs/value-copier.ts");

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * The field in which a line names its event: lines have no other place for it.
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/otel/#otel-event-name
 */
export const EVENT_NAME_FIELD = "otel.event.name";

/** A record, or the data from which one is built when it is exported. */
export interface LogRecordSource {
  readonly severityNumber?: number | undefined;
  /** Returns the same record at each call. */
  toRecord(): LogRecord;
}

/** The state that all records of one pipeline share. */
export interface LoggerSharedState {
  readonly resource: Resource;
  readonly limits: LogsConfig["limits"];
  readonly redactor: Redactor;
}

/**
 * A log record as the SDK's exporters and OTLP serialisers read it
 * (`ReadableLogRecord`). It is filled with plain values while the app logs, and
 * converted to the exporters' types only when it is exported. Values that the app
 * could still change are copied at once.
 */
export class LogRecord implements ReadableLogRecord, EncodableRecord, LogRecordSource {
  readonly instrumentationScope: LoggerScope;
  spanContext?: SpanContext;
  severityNumber?: number;
  severityText?: string;
  eventName?: string;
  readonly #sharedState: LoggerSharedState;
  readonly observedTimestamp: Timestamp;
  occurredAt: Timestamp;
  #timestampText: string | undefined = undefined;
  /** Names and values, alternating: cheaper to fill than an object. */
  readonly #fields: unknown[] = [];
  #body: AnyValue = undefined;
  #isBodyFinal = false;
  #copier: ValueCopier | undefined = undefined;
  #dropped = 0;
  #attributes: Attributes | undefined = undefined;

  constructor(sharedState: LoggerSharedState, scope: LoggerScope, observedTimestamp: Timestamp) {
    this.#sharedState = sharedState;
    this.instrumentationScope = scope;
    this.observedTimestamp = observedTimestamp;
    this.occurredAt = observedTimestamp;
  }

  toRecord(): this {
    return this;
  }

  /** Sets the time of the event, if it differs from the observed time. */
  setTimestamp(timestamp: Timestamp): void {
    this.occurredAt = timestamp;
  }

  /**
   * Sets the line's own `timestamp`: the record's time if it is an ISO 8601 date
   * with a zone, else an attribute. Parsed only at export. Returns true.
   */
  setTimestampText(text: string): true {
    this.#timestampText = text;
    return true;
  }

  /** Sets the body: a text as it is, any other value as a copy. Never throws. */
  setBody(body: unknown): void {
    this.#body = typeof body === "string" ? body : createValueCopier(Infinity).copy(body);
    this.#isBodyFinal = false;
  }

  /** Adds an attribute. Of two with the same name the later one wins. Never throws. */
  setAttribute(name: string, value: unknown): void {
    if (value === undefined || typeof value === "function") return;
    if (this.#canAdd(name)) this.#fields.push(name, isScalar(value) ? value : this.#copy(value));
  }

  /** Adds a field of a line: as an attribute, or as the name of the event. Never throws. */
  setField(name: string, value: unknown): void {
    if (name === EVENT_NAME_FIELD && typeof value === "string") this.eventName = value;
    else this.setAttribute(name, value);
  }

  /** Adds an attribute to a record that may have been read already. */
  addLateAttribute(name: string, value: unknown): void {
    this.#attributes = undefined;
    this.setAttribute(name, value);
  }

  /** Adds an attribute whose value the app can't change, so that it need not be copied. */
  setAttributeWithoutCopy(name: string, value: unknown): void {
    if (typeof value !== "object" || this.#attributeLengthLimit() !== Infinity)
      this.setAttribute(name, value);
    else if (this.#canAdd(name)) this.#fields.push(name, value);
  }

  #canAdd(name: string): boolean {
    const { attributeCount } = this.#sharedState.limits;
    if (name !== "" && this.#fields.length < attributeCount * 2) return true;
    this.#dropped++;
    return false;
  }

  addException(exception: ExceptionFields): void {
    this.setAttribute("exception.type", exception.type);
    this.setAttribute("exception.message", exception.message);
    this.setAttribute("exception.stacktrace", exception.stacktrace);
  }

  /** The body without secrets, built once. */
  get body(): AnyValue {
    if (!this.#isBodyFinal) {
      this.#isBodyFinal = true;
      const body = this.#body;
      this.#body = this.#sharedState.redactor.field(
        "",
        typeof body === "string" ? truncateWellFormed(body, Infinity) : body,
      );
    }
    return this.#body;
  }

  get resource(): Resource {
    return this.#sharedState.resource;
  }

  get hrTime(): HrTime {
    if (this.#timestampText !== undefined) this.#parseTimestampText(this.#timestampText);
    return toHrTime(this.occurredAt);
  }

  get hrTimeObserved(): HrTime {
    return toHrTime(this.observedTimestamp);
  }

  /** Built once, since a serialiser reads them twice. */
  get attributes(): Attributes {
    return (this.#attributes ??= this.#buildAttributes());
  }

  attributePairs(): FlatAttributes | undefined {
    if (this.#timestampText !== undefined) this.#parseTimestampText(this.#timestampText);
    const fields = this.#fields;
    for (let index = 0; index < fields.length; index += 2) {
      for (let earlier = 0; earlier < index; earlier += 2) {
        if (fields[earlier] === fields[index]) return undefined;
      }
      fields[index + 1] = this.#finalValue(fields[index] as string, fields[index + 1]);
    }
    return fields;
  }

  get droppedAttributesCount(): number {
    return this.#dropped;
  }

  #copy(value: unknown): AnyValue {
    this.#copier ??= createValueCopier(this.#attributeLengthLimit());
    return this.#copier.copy(value);
  }

  #buildAttributes(): Attributes {
    if (this.#timestampText !== undefined) this.#parseTimestampText(this.#timestampText);
    const attributes: Attributes = {};
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      setOwnProperty(attributes, name, this.#finalValue(name, fields[i + 1]));
    }
    return attributes;
  }

  /** Returns the value of an attribute within the limits and without secrets. */
  #finalValue(name: string, value: unknown): AnyValue {
    const redacted = this.#sharedState.redactor.field(name, value);
    return typeof redacted === "string"
      ? truncateWellFormed(redacted, this.#attributeLengthLimit())
      : redacted;
  }

  #parseTimestampText(timestampText: string): void {
    this.#timestampText = undefined;
    const nearbyMs = timestampCache.parseNearby(timestampText, epochMsOf(this.occurredAt));
    if (nearbyMs !== undefined && isSameTime(nearbyMs, this.occurredAt)) return;
    const parsed = ISO_8601.test(timestampText)
      ? parseTimestamp(new Date(timestampText))
      : undefined;
    if (parsed === undefined) this.#fields.push("timestamp", timestampText);
    // Else it is mostly a format's: the same time in whole milliseconds, and the record's own is finer.
    else if (!isSameTime(parsed, this.occurredAt)) this.occurredAt = parsed;
  }

  #attributeLengthLimit(): number {
    return this.#sharedState.limits.attributeLength;
  }
}

/** Loaded with the first record that needs it: most have only texts and numbers. */
function createValueCopier(maxLength: number): ValueCopier {
  return new (loadValueCopier().ValueCopier)(maxLength);
}
