import type { SpanContext } from "@opentelemetry/api";
import { stripColors } from "../../../logs/line-text.ts";
import { addStack } from "../../../logs/line-exception.ts";
import type { LogRecord, LogRecordSource } from "../../../logs/log-record.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import {
  addIdAttributes,
  isTraceField,
  isUnitOfWorkField,
  type RecordIds,
} from "../../../logs/record-ids.ts";
import { type Levels, severityOf } from "../../../logs/severity.ts";
import { setSpanContextFromLine } from "../../../logs/structured-line.ts";
import type { FastJsonLine } from "./lines-in-flight.ts";

/**
 * The record of a line whose JSON was written by telltale. The values of its fields are
 * texts and numbers, which can't change, so the record is built only when needed.
 */
export class DeferredRecord implements LogRecordSource {
  readonly #logger: TelltaleLogger;
  readonly #timestamp: number;
  readonly #spanContext: SpanContext | undefined;
  readonly #ids: RecordIds;
  readonly #line: FastJsonLine;
  readonly #level: unknown;
  readonly #levels: Levels;
  #record: LogRecord | undefined = undefined;

  constructor(
    logger: TelltaleLogger,
    timestamp: number,
    spanContext: SpanContext | undefined,
    ids: RecordIds,
    line: FastJsonLine,
    level: unknown,
    levels: Levels,
  ) {
    this.#logger = logger;
    this.#timestamp = timestamp;
    this.#spanContext = spanContext;
    this.#ids = ids;
    this.#line = line;
    this.#level = level;
    this.#levels = levels;
  }

  toRecord(): LogRecord {
    return (this.#record ??= this.#build());
  }

  #build(): LogRecord {
    const { layout, values, text } = this.#line;
    const { messageIndex, idIndexes } = layout;
    const record = this.#logger.createRecord(this.#timestamp);
    const level = String(this.#level);
    record.severityText = level;
    record.severityNumber = severityOf(level, this.#levels);
    setSpanContextFromLine(
      record,
      {
        trace_id: values[idIndexes.traceId],
        span_id: values[idIndexes.spanId],
        trace_flags: values[idIndexes.flags],
      },
      this.#spanContext,
    );
    record.setBody(bodyOf(values[messageIndex], text));
    addIdAttributes(record, this.#ids);
    const { names } = layout;
    for (let index = 0; index < names.length; index++)
      this.#addField(record, names[index]!, values[index]);
    return record;
  }

  #addField(record: LogRecord, name: string, value: unknown): void {
    if (name === "level" || name === "message") return;
    if (isTraceField(name, value, record) || isUnitOfWorkField(name, value, this.#ids)) return;
    const attribute = this.#line.resourceFields?.get(name);
    if (attribute !== undefined && value === record.resource.attributes[attribute]) return;
    if (typeof value !== "string") record.setAttribute(name, value);
    else if (name === "timestamp") record.setTimestampText(value);
    else if (name === "stack") addStack(record, value, record.body);
    else record.setField(name, value);
  }
}

/** Returns the message of a line, or its text if it has none: JSON leaves out functions and symbols. */
function bodyOf(message: unknown, text: string): unknown {
  switch (typeof message) {
    case "string":
      return stripColors(message) || text;
    case "function":
    case "symbol":
      return text;
    default:
      return message ?? text;
  }
}
