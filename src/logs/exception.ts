import { truncateWellFormed } from "./value.ts";

/** The attributes `exception.*` of the semantic conventions, as far as an error tells them. */
export interface ExceptionFields {
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly stacktrace: string | undefined;
}

/**
 * What an error (or whatever was thrown) says of itself. The type is its `code`
 * where it has one, else its `name`, as in the SDK's log records and in our
 * spans. Undefined where it says nothing. Never throws.
 *
 * @param read a property: `readDataProperty` where no getter of the app's is to run.
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

/** Reads a property of an error; never throws. */
type ReadProperty = (value: object, key: PropertyKey) => unknown;

/** `exception.type` of an error: its `code` or its `name`. */
export function exceptionTypeOf(error: object, read: ReadProperty): string | undefined {
  const code = read(error, "code");
  if (typeof code === "number") return String(code);
  return nonEmptyText(code) ?? nonEmptyText(read(error, "name"));
}

function nonEmptyText(value: unknown): string | undefined {
  return typeof value === "string" && value !== ""
    ? truncateWellFormed(value, Infinity)
    : undefined;
}
