import { wallClock } from "../clock.ts";
import { isSuppressed } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { activeOrigin } from "./correlation.ts";
import { isError, readData } from "./data.ts";
import { exceptionOf } from "./exception.ts";
import { isInnerLine } from "./inner-lines.ts";
import type { TelltaleLogger } from "./logger.ts";
import type { SeenError } from "./line-facts.ts";
import { plainText, shownException } from "./plain-line.ts";
import { addIds, idsOf } from "./record-ids.ts";

/** As the console's own severities order them; `log` and `dir` say nothing of it. */
const SEVERITIES = { log: 9, info: 9, warn: 13, error: 17, debug: 5, dir: 9 } as const;

/**
 * What `console.trace` hands to `console.error`. It is not watched itself: our
 * function would be the first line of the stack that it shows.
 */
const TRACE = /^Trace(: [^]*)?\n {4}at /;

export type ConsoleMethod = keyof typeof SEVERITIES;

/**
 * Makes the record of what the console is about to write. Left out is what a
 * logger writes by way of it, what is printed for us, and empty lines. Never throws.
 *
 * @param text as the console has formatted it: no argument is asked again how it looks.
 */
export function recordLine(
  records: TelltaleLogger,
  method: ConsoleMethod,
  args: readonly unknown[],
  text: string,
): void {
  try {
    const at = wallClock();
    if (isSuppressed(activeContext()) || isInnerLine(at)) return;
    const plain = plainText(text);
    if (plain.trim() === "") return;
    const origin = activeOrigin();
    const record = records.record(at);
    if (origin.trace !== undefined) record.spanContext = origin.trace;
    const isTrace = method === "error" && TRACE.test(plain);
    record.severityText = isTrace ? "trace" : method;
    record.severityNumber = isTrace ? 1 : SEVERITIES[method];
    record.say(plain);
    const exception = exceptionOf(args.find(isError), readData);
    if (exception !== undefined) {
      const error: SeenError = { key: undefined, exception, isWhole: false };
      record.addException(shownException(error, [plain], undefined));
    }
    addIds(record, idsOf(origin));
    records.write(record);
  } catch {
    // What can't be shown; the console's own attempt will say.
  }
}
