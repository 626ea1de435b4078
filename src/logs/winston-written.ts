import type { SpanContext } from "@opentelemetry/api";
import type { Origin } from "./correlation.ts";
import type { TelltaleLogger } from "./logger.ts";
import { addStack, plainText, setTrace, shows } from "./plain-line.ts";
import type { LogRecord, RecordSource } from "./record.ts";
import { addIds, idsOf, isOfTrace, isOfWork, type RecordIds, shownIds } from "./record-ids.ts";
import { type Levels, severityOf } from "./severity.ts";
import type { WrittenLine } from "./winston-line.ts";

/** The ids of a written line. */
export function idsInWritten({ shape, text }: WrittenLine, line: Line): RecordIds {
  const ids = idsOf(line);
  const hasAll =
    (shape.hasUser || ids.user_id === undefined) &&
    (shape.hasOrganization || ids.organization_id === undefined);
  return hasAll ? ids : idsIn(ids, line, (name) => shape.names.includes(name), text);
}

/**
 * Without the user and the organisation, where a format of the app's took them out
 * of the line. The request's id says nothing of anybody.
 */
export function idsIn(
  ids: RecordIds,
  { hasIds }: Line,
  isField: (name: string) => boolean,
  text: string | undefined,
): RecordIds {
  if (!hasIds) return ids;
  return shownIds(
    ids,
    (name, value) =>
      name === "request_id" || isField(name) || (text !== undefined && shows(text, value)),
  );
}

interface Line extends Origin {
  readonly hasIds: boolean;
}

/** The record of a line whose text was written here: what it says is fixed, so it can wait. */
export class WrittenRecord implements RecordSource {
  readonly #records: TelltaleLogger;
  readonly #at: number;
  readonly #trace: SpanContext | undefined;
  readonly #ids: RecordIds;
  readonly #line: WrittenLine;
  readonly #level: unknown;
  readonly #levels: Levels;
  #record: LogRecord | undefined = undefined;

  constructor(
    records: TelltaleLogger,
    at: number,
    trace: SpanContext | undefined,
    ids: RecordIds,
    line: WrittenLine,
    level: unknown,
    levels: Levels,
  ) {
    this.#records = records;
    this.#at = at;
    this.#trace = trace;
    this.#ids = ids;
    this.#line = line;
    this.#level = level;
    this.#levels = levels;
  }

  finished(): LogRecord {
    return (this.#record ??= this.#make());
  }

  #make(): LogRecord {
    const { shape, values, text } = this.#line;
    const { message: place, ids: places } = shape;
    const record = this.#records.record(this.#at);
    const level = String(this.#level);
    record.severityText = level;
    record.severityNumber = severityOf(level, this.#levels);
    setTrace(
      record,
      {
        trace_id: values[places.traceId],
        span_id: values[places.spanId],
        trace_flags: values[places.flags],
      },
      this.#trace,
    );
    const message = values[place];
    record.say(typeof message === "string" ? plainText(message) || text : (message ?? text));
    addIds(record, this.#ids);
    const { names } = shape;
    for (let at = 0; at < names.length; at++) this.#add(record, names[at]!, values[at]);
    return record;
  }

  #add(record: LogRecord, name: string, value: unknown): void {
    if (name === "level" || name === "message") return;
    if (isOfTrace(name, value, record) || isOfWork(name, value, this.#ids)) return;
    if (typeof value !== "string") record.add(name, value);
    else if (name === "timestamp") record.stamp(value);
    else if (name === "stack") addStack(record, value, record.body);
    else record.add(name, value);
  }
}
