import type { LogContext } from "./correlation.ts";
import type { LogRecord, LogRecordSource } from "./log-record.ts";

/** Whether an error that a line of this severity reports is an event: from `ERROR` on. */
export function isErrorSeverity(severityNumber: number | undefined): boolean {
  return severityNumber !== undefined && severityNumber >= 17;
}

/** What the pipeline of errors learns of lines. No method throws. */
export interface LogObserver {
  /** Adds a record to the breadcrumbs of its unit of work. */
  readonly addRecord: ((record: LogRecordSource, line: LogContext) => void) | undefined;
  /**
   * Captures the error that a line reports.
   *
   * @returns the id of the event.
   */
  readonly captureError:
    | ((error: object, record: LogRecord, line: LogContext) => string | undefined)
    | undefined;
}

/**
 * Passes a record to the observer, with the error that its line reports. The line of an
 * error is no breadcrumb of its own event, and its record has the id of the event.
 */
export function observeRecord(
  { addRecord, captureError }: LogObserver,
  source: LogRecordSource,
  line: LogContext,
  error: object | undefined,
): void {
  if (error !== undefined && captureError !== undefined) {
    const record = source.toRecord();
    if (isErrorSeverity(record.severityNumber)) {
      const eventId = captureError(error, record, line);
      if (eventId !== undefined) record.addLateAttribute("sentry.event_id", eventId);
    }
  }
  addRecord?.(source, line);
}
