import { version } from "../../version.ts";
import type { LogContext } from "../correlation.ts";
import type { LogRecord } from "../log-record.ts";
import type { TelltaleLogger, TelltaleLoggerProvider } from "../logger.ts";
import { addIdAttributes, recordIdsOf } from "../record-ids.ts";
import { formatEventLine } from "./event-line.ts";
import { type LineOutput, type LogEvent, SEVERITY_NUMBERS } from "./log-event.ts";

/** Writes events of one logger, as log records and as lines. */
export class EventLog {
  readonly #logger: TelltaleLogger;
  readonly #loggerName: string;

  /** @param loggerName the scope of the records, and `logger` of the lines */
  constructor(provider: TelltaleLoggerProvider, loggerName: string) {
    this.#logger = provider.getLogger(loggerName, version);
    this.#loggerName = loggerName;
  }

  /**
   * Writes an event.
   *
   * @param outputs receive its line.
   */
  write(event: LogEvent, context: LogContext, outputs: readonly LineOutput[]): void {
    if (!this.#logger.exports && outputs.length === 0) return;
    const record = this.#toRecord(event, context);
    this.#logger.export(record);
    if (outputs.length === 0) return;
    const line = formatEventLine(event, this.#loggerName, record);
    for (const output of outputs) output(line);
  }

  #toRecord({ name, level, message, time, attributes }: LogEvent, context: LogContext): LogRecord {
    const record = this.#logger.createRecord(time);
    record.eventName = name;
    record.severityText = level;
    record.severityNumber = SEVERITY_NUMBERS[level];
    if (context.spanContext !== undefined) record.spanContext = context.spanContext;
    record.setBody(message);
    addIdAttributes(record, recordIdsOf(context));
    for (const [key, value] of Object.entries(attributes)) record.setAttribute(key, value);
    return record;
  }
}
