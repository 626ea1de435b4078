import type { Attributes, Exception } from "@opentelemetry/api";
import { lazy } from "../lazy.ts";

const loadBounds = lazy<typeof import("./exception-bounds.ts")>("traces/exception-bounds.ts");

/**
 * Longer texts are truncated, in UTF-16 units. An error may have a whole response in its
 * message, and again in its stack; receivers reject requests of a few megabytes (gRPC: four),
 * with all other spans in them.
 */
const MAX_TEXT_LENGTH = 65_536;

/** Returns the attributes that the SDK records; none for an error whose getters throw. */
export function exceptionAttributes(exception: Exception): Attributes | undefined {
  try {
    if (typeof exception === "string") return { "exception.message": bounded(exception) };
    const { code, name, message, stack } = exception;
    const type = code === undefined ? name : String(code);
    if (!type && !message) return undefined;
    return {
      ...(type && { "exception.type": type }),
      ...(message && { "exception.message": bounded(message) }),
      ...(stack && { "exception.stacktrace": bounded(stack, message) }),
    };
  } catch {
    return undefined;
  }
}

function bounded(text: string, message?: string): string {
  return text.length > MAX_TEXT_LENGTH
    ? loadBounds().boundText(text, message, MAX_TEXT_LENGTH)
    : text;
}
