import type { AnyValue, Attributes, HrTime, SpanContext } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { LogRecord } from "../../logs/log-record.ts";
import { isObject } from "../values.ts";

/**
 * A log record as processors read and change it, until it is exported: the members of
 * the SDK's `ReadWriteLogRecord`, whose type forbids undefined values.
 */
export class ProcessedRecord {
  readonly #record: LogRecord;

  constructor(record: LogRecord) {
    this.#record = record;
  }

  get hrTime(): HrTime {
    return this.#record.hrTime;
  }

  get hrTimeObserved(): HrTime {
    return this.#record.hrTimeObserved;
  }

  get spanContext(): SpanContext | undefined {
    return this.#record.spanContext;
  }

  get resource(): Resource {
    return this.#record.resource;
  }

  get instrumentationScope(): LogRecord["instrumentationScope"] {
    return this.#record.instrumentationScope;
  }

  get attributes(): Attributes {
    return this.#record.attributes;
  }

  get droppedAttributesCount(): number {
    return this.#record.droppedAttributesCount;
  }

  get severityText(): string | undefined {
    return this.#record.severityText;
  }

  set severityText(text: string | undefined) {
    if (text !== undefined) this.#record.severityText = text;
  }

  get severityNumber(): number | undefined {
    return this.#record.severityNumber;
  }

  set severityNumber(severity: number | undefined) {
    if (severity !== undefined) this.#record.severityNumber = severity;
  }

  get body(): AnyValue {
    return this.#record.body;
  }

  set body(body: AnyValue) {
    this.#record.setBody(body);
  }

  get eventName(): string | undefined {
    return this.#record.eventName;
  }

  set eventName(name: string | undefined) {
    if (name !== undefined) this.#record.eventName = name;
  }

  setAttribute(key: string, value?: AnyValue): this {
    this.#record.addLateAttribute(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (isObject(attributes))
      for (const [key, value] of Object.entries(attributes)) this.setAttribute(key, value);
    return this;
  }

  setBody(body: AnyValue): this {
    this.body = body;
    return this;
  }

  setEventName(name: string): this {
    this.eventName = name;
    return this;
  }

  setSeverityNumber(severity: number): this {
    this.severityNumber = severity;
    return this;
  }

  setSeverityText(text: string): this {
    this.severityText = text;
    return this;
  }
}
