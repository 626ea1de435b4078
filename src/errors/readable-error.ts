import { types } from "node:util";
/** Maximum depth of causes, and number of errors of an `AggregateError`, as in Sentry. */
const MAX_LINKED_ERRORS = 5;
const UNREADABLE_TEXT = "(what was thrown can't be read)";

/**
 * Returns a copy of an error that Sentry cannot read because a getter or a proxy
 * throws. The copy has the readable properties. Never throws.
 */
export function readableCopy(thrown: unknown, depth = 0): Error {
  const name = stringProperty(thrown, "name") ?? "Error";
  const message =
    stringProperty(thrown, "message") ?? (isObject(thrown) ? UNREADABLE_TEXT : String(thrown));
  const copy = new Error(message);
  const stack = stringProperty(thrown, "stack") ?? `${name}: ${message}`;
  Object.defineProperties(copy, { name: { value: name }, stack: { value: stack } });
  if (depth >= MAX_LINKED_ERRORS) return copy;
  const cause = readProperty(thrown, "cause");
  if (isObject(cause))
    Object.defineProperty(copy, "cause", { value: readableCopy(cause, depth + 1) });
  const errors = arrayProperty(thrown, "errors").map((error) =>
    readableCopy(error, MAX_LINKED_ERRORS),
  );
  if (errors.length > 0) Object.defineProperty(copy, "errors", { value: errors });
  return copy;
}

/** Whether a value is an error of this realm; false if the check throws. */
export function isErrorSafely(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** Returns the text of a message, or Sentry's template of one, which is an object. Never throws. */
export function messageText(message: unknown): string {
  const isText = typeof message === "string" || types.isStringObject(message);
  return isText ? (message as string) : safeString(message);
}

/** Converts a value to a string where Sentry expects one. Never throws. */
export function safeString(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    // Undefined of a function.
    const json = isObject(value) ? (JSON.stringify(value) as string | undefined) : undefined;
    return json ?? String(value);
  } catch {
    return UNREADABLE_TEXT;
  }
}

export function readProperty(from: unknown, key: string): unknown {
  try {
    return (from as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

function stringProperty(from: unknown, key: string): string | undefined {
  const value = readProperty(from, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function arrayProperty(from: unknown, key: string): unknown[] {
  const value = readProperty(from, key);
  try {
    return Array.isArray(value) ? value.slice(0, MAX_LINKED_ERRORS) : [];
  } catch {
    return [];
  }
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
