import { wallClock } from "../../../clock.ts";
import { isTracingSuppressed } from "../../../context/context.ts";
import { activeContext } from "../../../context/manager.ts";
import { activeLogContext } from "../../../logs/correlation.ts";
import { isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import { visibleException } from "../../../logs/line-exception.ts";
import type { LoggedError } from "../../../logs/line-metadata.ts";
import { stripColors } from "../../../logs/line-text.ts";
import type { LogRecord } from "../../../logs/log-record.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import { addIdAttributes, recordIdsOf } from "../../../logs/record-ids.ts";
import { loggerOutput } from "../../../logs/logger-output.ts";

/** Severities by method. `log` and `dir` have none in the console, and count as `info`. */
const SEVERITIES = { log: 9, info: 9, warn: 13, error: 17, debug: 5, dir: 9 } as const;

/**
 * The text that `console.trace` passes to `console.error`. `trace` itself is not
 * patched: telltale's function would be the first line of the stack that it shows.
 */
const TRACE_OUTPUT = /^Trace(: [^]*)?\n {4}at /;

export type ConsoleMethod = keyof typeof SEVERITIES;

export interface ConsoleCall {
  readonly method: ConsoleMethod;
  readonly args: readonly unknown[];
  /** Whether the line is exported. */
  readonly isRecorded: boolean;
}

/** The start of Sentry's debug output, which `SENTRY_DEBUG` enables. */
const SENTRY_DEBUG_OUTPUT = "Sentry Logger [";

/**
 * Writes the record of a line that the console is about to write, except for output
 * of loggers and of telltale itself, and for empty lines. Never throws.
 *
 * @param text the text that the console has formatted, so that no argument is
 *   formatted again.
 */
export function recordConsoleCall(
  logger: TelltaleLogger,
  { method, args, isRecorded }: ConsoleCall,
  text: string,
): void {
  try {
    const timestamp = wallClock();
    if (isTracingSuppressed(activeContext()) || loggerOutput.isActive(timestamp)) return;
    const visibleText = stripColors(text);
    if (visibleText.trim() === "" || visibleText.startsWith(SENTRY_DEBUG_OUTPUT)) return;
    const logContext = activeLogContext();
    const record = logger.createRecord(timestamp);
    if (logContext.spanContext !== undefined) record.spanContext = logContext.spanContext;
    const isTrace = method === "error" && TRACE_OUTPUT.test(visibleText);
    record.severityText = isTrace ? "trace" : method;
    record.severityNumber = isTrace ? 1 : SEVERITIES[method];
    record.setBody(visibleText);
    const error = args.find(isErrorInstance);
    addVisibleException(record, error, visibleText);
    addIdAttributes(record, recordIdsOf(logContext));
    if (isRecorded) logger.write(record, logContext, error);
    else logger.observe(record, logContext, error);
  } catch {
    // An argument can't be read. The console has formatted it, so the app sees the line.
  }
}

function addVisibleException(record: LogRecord, error: Error | undefined, text: string): void {
  const exception = exceptionOf(error, readDataProperty);
  if (exception === undefined) return;
  const logged: LoggedError = { key: undefined, exception, isComplete: false };
  record.addException(visibleException(logged, [text], undefined));
}
