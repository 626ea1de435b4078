import { wallClock } from "../../../clock.ts";
import { isTracingSuppressed } from "../../../context/context.ts";
import { activeContext } from "../../../context/manager.ts";
import { activeLogContext } from "../../../logs/correlation.ts";
import { isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import { isLoggerOutput } from "../logger-output.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { LoggedError } from "../../../logs/line-metadata.ts";
import { stripColors, visibleException } from "../../../logs/structured-line.ts";
import { addIdAttributes, recordIdsOf } from "../../../logs/record-ids.ts";

/** As the console's own severities order them; `log` and `dir` say nothing of it. */
const SEVERITIES = { log: 9, info: 9, warn: 13, error: 17, debug: 5, dir: 9 } as const;

/**
 * What `console.trace` hands to `console.error`. It is not watched itself: our
 * function would be the first line of the stack that it shows.
 */
const TRACE_OUTPUT = /^Trace(: [^]*)?\n {4}at /;

export type ConsoleMethod = keyof typeof SEVERITIES;

/**
 * Makes the record of what the console is about to write. Left out is what a
 * logger writes by way of it, what is printed for us, and empty lines. Never throws.
 *
 * @param text as the console has formatted it: no argument is asked again how it looks.
 */
export function recordConsoleCall(
  logger: TelltaleLogger,
  method: ConsoleMethod,
  args: readonly unknown[],
  text: string,
): void {
  try {
    const timestamp = wallClock();
    if (isTracingSuppressed(activeContext()) || isLoggerOutput(timestamp)) return;
    const visibleText = stripColors(text);
    if (visibleText.trim() === "") return;
    const logContext = activeLogContext();
    const record = logger.createRecord(timestamp);
    if (logContext.spanContext !== undefined) record.spanContext = logContext.spanContext;
    const isTrace = method === "error" && TRACE_OUTPUT.test(visibleText);
    record.severityText = isTrace ? "trace" : method;
    record.severityNumber = isTrace ? 1 : SEVERITIES[method];
    record.setBody(visibleText);
    const exception = exceptionOf(args.find(isErrorInstance), readDataProperty);
    if (exception !== undefined) {
      const error: LoggedError = { key: undefined, exception, isComplete: false };
      record.addException(visibleException(error, [visibleText], undefined));
    }
    addIdAttributes(record, recordIdsOf(logContext));
    logger.write(record);
  } catch {
    // What can't be shown; the console's own attempt will say.
  }
}
