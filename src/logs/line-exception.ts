import { type ExceptionFields, exceptionOf } from "./exception.ts";
import type { LoggedError } from "./line-metadata.ts";
import { containsText } from "./line-text.ts";
import type { LogRecord } from "./log-record.ts";
import type { JsonLine } from "./parse-json-line.ts";
import { isEmptyMap, readProperty } from "./value.ts";

/**
 * Returns the parts of an error that the line shows: the app's formats may have
 * removed the rest on purpose.
 *
 * @param texts in which the parts are searched.
 * @param stack the stack as the line shows it, if it does.
 */
export function visibleException(
  { exception, isComplete }: LoggedError,
  texts: readonly unknown[],
  stack: string | undefined,
): ExceptionFields {
  if (isComplete) return stack === undefined ? exception : { ...exception, stacktrace: stack };
  const { type, message, stacktrace } = exception;
  const isVisible = (part: string): boolean =>
    texts.some((text) => typeof text === "string" && containsText(text, part));
  const isMessageVisible = message === undefined || isVisible(message);
  // The first line of a stack has the message, and not always as the text has it.
  const frames = stacktrace?.slice(stacktrace.indexOf("\n    at "));
  const hasFrames = frames !== undefined && frames.length > 1 && isVisible(frames);
  return {
    type,
    message: isMessageVisible ? message : undefined,
    stacktrace: stack ?? (isMessageVisible && hasFrames ? stacktrace : undefined),
  };
}

/** `TypeError: …` or `TypeError [ERR_CODE]: …`. Anchored, because it has to be linear. */
const STACK_START = /^([\w$.]{1,256})(?: \[(\w{1,256})\])?[:\n]/;

/**
 * Adds a field `stack`: as an exception if it is the stack of an error, else as an
 * attribute. A child logger of winston turns an error into a plain object with a
 * `stack` before any format sees it.
 */
export function addStack(record: LogRecord, stack: string, body: unknown): void {
  const [, name, code] = STACK_START.exec(stack) ?? [];
  if (name === undefined || !stack.includes("\n    at ")) {
    record.setAttribute("stack", stack);
    return;
  }
  const message = typeof body === "string" && stack.includes(body) ? body : undefined;
  record.addException({ type: code ?? name, message, stacktrace: stack });
}

/** An error as a serialiser wrote it. */
interface SerializedError {
  readonly exception: ExceptionFields;
  /** The other fields of the error. */
  readonly rest: JsonLine | undefined;
}

/** Reads an error as pino's and bunyan's serialisers write it; undefined if it has no such fields. */
export function parseSerializedError(map: JsonLine): SerializedError | undefined {
  const { type, name, code, message, stack, ...rest } = map;
  const exception = exceptionOf({ name: type ?? name, code, message, stack }, readProperty);
  return exception && { exception, rest: isEmptyMap(rest) ? undefined : rest };
}
