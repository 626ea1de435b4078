import { truncateWellFormed } from "./value.ts";

/** The attributes `exception.*` of the semantic conventions. */
export interface ExceptionFields {
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly stacktrace: string | undefined;
}

/**
 * Reads the exception attributes from an error, or from another thrown value. The
 * type is its `code` if it has one, else its `name`, as in the SDK's log records
 * and in telltale's spans. Undefined if it has none of the three. Never throws.
 *
 * @param read reads a property: `readDataProperty` if none of the app's getters may run.
 */
export function exceptionOf(thrown: unknown, read: ReadProperty): ExceptionFields | undefined {
  if (typeof thrown === "string" || typeof thrown === "number") {
    return { type: undefined, message: String(thrown), stacktrace: undefined };
  }
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const fields = {
    type: exceptionTypeOf(thrown, read),
    message: nonEmptyText(read(thrown, "message")),
    stacktrace: nonEmptyText(read(thrown, "stack")),
  };
  return (fields.type ?? fields.message ?? fields.stacktrace) ? fields : undefined;
}

/** Reads a property of an error. Never throws. */
type ReadProperty = (value: object, key: PropertyKey) => unknown;

/** Returns the `exception.type` of an error: its `code` or its `name`. */
function exceptionTypeOf(error: object, read: ReadProperty): string | undefined {
  const code = read(error, "code");
  if (typeof code === "number") return String(code);
  return nonEmptyText(code) ?? nonEmptyText(read(error, "name"));
}

function nonEmptyText(value: unknown): string | undefined {
  return typeof value === "string" && value !== ""
    ? truncateWellFormed(value, Infinity)
    : undefined;
}
