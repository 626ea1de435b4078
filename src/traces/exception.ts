import type { Attributes, Exception } from "@opentelemetry/api";

/** Returns the attributes that the SDK records; none for an error whose getters throw. */
export function exceptionAttributes(exception: Exception): Attributes | undefined {
  try {
    if (typeof exception === "string") return { "exception.message": exception };
    const { code, name, message, stack } = exception;
    const type = code === undefined ? name : String(code);
    if (!type && !message) return undefined;
    return {
      ...(type && { "exception.type": type }),
      ...(message && { "exception.message": message }),
      ...(stack && { "exception.stacktrace": stack }),
    };
  } catch {
    return undefined;
  }
}
