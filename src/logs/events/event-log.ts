import { lazy } from "../../lazy.ts";
import { version } from "../../version.ts";
import type { LogContext } from "../correlation.ts";
import type { LogRecord } from "../log-record.ts";
import type { TelltaleLogger, TelltaleLoggerProvider } from "../logger.ts";
import { addIdAttributes, recordIdsOf } from "../record-ids.ts";
import { type LineOutput, type LogEvent, SEVERITY_NUMBERS } from "./log-event.ts";

const loadJsonLine = lazy<typeof import("../json-line.ts")>("logs/json-line.ts");

export interface EventLogOptions {
  /** Scope of the records, and `logger` of the lines. */
  readonly name: string;
  /** Whether events are breadcrumbs of later errors, as lines of the app are. */
  readonly addsBreadcrumbs?: boolean;
}

/** Writes events of one logger, as log records and as lines. */
export class EventLog {
  readonly #logger: TelltaleLogger;
  readonly #addsBreadcrumbs: boolean;

  constructor(provider: TelltaleLoggerProvider, { name, addsBreadcrumbs }: EventLogOptions) {
    this.#logger = provider.getLogger(name, version);
    this.#addsBreadcrumbs = addsBreadcrumbs === true && this.#logger.addsBreadcrumbs;
  }

  /**
   * Writes an event.
   *
   * @param outputs receive its line.
   */
  write(event: LogEvent, context: LogContext, outputs: readonly LineOutput[] = []): void {
    if (!this.#logger.exports && !this.#addsBreadcrumbs && outputs.length === 0) return;
    const record = this.#toRecord(event, context);
    if (this.#addsBreadcrumbs) this.#logger.write(record, context);
    else this.#logger.export(record);
    if (outputs.length === 0) return;
    const line = loadJsonLine().jsonLineOf(record);
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
