import type { SpanContext } from "@opentelemetry/api";
import type { LogContext } from "../../../logs/correlation.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import {
  addStack,
  stripColors,
  setSpanContextFromLine,
  containsText,
} from "../../../logs/structured-line.ts";
import type { LogRecord, LogRecordSource } from "../../../logs/log-record.ts";
import {
  addIdAttributes,
  recordIdsOf,
  isTraceField,
  isUnitOfWorkField,
  type RecordIds,
  visibleIds,
} from "../../../logs/record-ids.ts";
import { type Levels, severityOf } from "../../../logs/severity.ts";
import type { FastJsonLine } from "./json-format.ts";

/** The ids of a written line. */
export function idsInFastJson({ layout, text }: FastJsonLine, line: LineWithIds): RecordIds {
  const ids = recordIdsOf(line);
  const hasAll =
    (layout.hasUserId || ids.user_id === undefined) &&
    (layout.hasOrganizationId || ids.organization_id === undefined);
  return hasAll ? ids : idsAfterFormats(ids, line, (name) => layout.names.includes(name), text);
}

/**
 * Without the user and the organisation, where a format of the app's took them out
 * of the line. The request's id says nothing of anybody.
 */
export function idsAfterFormats(
  ids: RecordIds,
  { hasIds }: LineWithIds,
  isField: (name: string) => boolean,
  text: string | undefined,
): RecordIds {
  if (!hasIds) return ids;
  return visibleIds(
    ids,
    (name, value) =>
      name === "request_id" || isField(name) || (text !== undefined && containsText(text, value)),
  );
}

interface LineWithIds extends LogContext {
  readonly hasIds: boolean;
}

/** The record of a line whose text was written here: what it says is fixed, so it can wait. */
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
    const message = values[messageIndex];
    record.setBody(typeof message === "string" ? stripColors(message) || text : (message ?? text));
    addIdAttributes(record, this.#ids);
    const { names } = layout;
    for (let index = 0; index < names.length; index++)
      this.#addField(record, names[index]!, values[index]);
    return record;
  }

  #addField(record: LogRecord, name: string, value: unknown): void {
    if (name === "level" || name === "message") return;
    if (isTraceField(name, value, record) || isUnitOfWorkField(name, value, this.#ids)) return;
    if (typeof value !== "string") record.setAttribute(name, value);
    else if (name === "timestamp") record.setTimestampText(value);
    else if (name === "stack") addStack(record, value, record.body);
    else record.setAttribute(name, value);
  }
}
