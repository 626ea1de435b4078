import type { Holder } from "../context/holder.ts";
import { type ExceptionFields, exceptionOf } from "./exception.ts";
import type { LogRecord } from "./record.ts";
import { isOfTrace } from "./record-ids.ts";
import { isError, read } from "./value.ts";

/** The fields of a line, name by name. */
export interface Fields {
  readonly names: readonly string[];
  /** As many as names. */
  readonly values: readonly unknown[];
}

export function fieldsOf(info: object): Fields {
  const names = Object.keys(info);
  return { names, values: names.map((name) => read(info, name)) };
}

/**
 * Adds what the record doesn't carry otherwise; the first error among it is the
 * exception.
 *
 * @param message of the line.
 * @param holder whose ids the record has.
 * @param known the exception that the record has.
 */
export function addFields(
  record: LogRecord,
  { names, values }: Fields,
  message: unknown,
  holder: Holder | undefined,
  known: ExceptionFields | undefined,
): void {
  let exception = known;
  let stack: string | undefined;
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    const value = values[at];
    if (typeof value === "string") {
      if (name === "stack") stack = value;
      else if (!isCarried(name, value, record, holder)) record.add(name, value);
    } else if (name === "message") {
      continue;
    } else if (exception === undefined && typeof value === "object" && isError(value)) {
      exception = exceptionOf(value);
      if (exception !== undefined) record.addException(exception);
    } else record.add(name, value);
  }
  if (stack !== undefined && stack !== exception?.stacktrace) {
    addStack(record, stack, message, exception === undefined);
  }
}

/** `TypeError: …` or `TypeError [ERR_CODE]: …`, anchored: it has to be linear. */
const STACK_START = /^([\w$.]{1,256})(?: \[(\w{1,256})\])?[:\n]/;

/**
 * A stack whose error is gone: a child logger makes a plain object of an error
 * before anybody sees it. If the stack still tells, it is the exception.
 */
function addStack(record: LogRecord, stack: string, message: unknown, isNew: boolean): void {
  const [, name, code] = STACK_START.exec(stack) ?? [];
  if (!isNew || name === undefined || !stack.includes("\n    at ")) {
    record.add("stack", stack);
    return;
  }
  const shown = typeof message === "string" && stack.includes(message);
  const text = shown ? message : undefined;
  record.addException({ type: code ?? name, message: text, stacktrace: stack });
}

function isCarried(
  key: string,
  value: string,
  record: LogRecord,
  holder: Holder | undefined,
): boolean {
  switch (key) {
    case "level":
    case "message":
      return true;
    case "request_id":
      return value === holder?.requestId;
    case "user_id":
      return value === holder?.userId;
    case "organization_id":
      return value === holder?.organizationId;
    case "timestamp":
      return record.stamp(value);
    default:
      return isOfTrace(key, value, record);
  }
}
