import type { UnitOfWork } from "./unit-of-work.ts";

/** Returns the errors that a unit of work failed with: that of a 5xx, and those that count whatever the status. */
export function failuresOf(unit: UnitOfWork): readonly unknown[] {
  const { error, originalError, failures = [] } = unit;
  const isFailed = (unit.statusCode ?? 0) >= 500 && error !== undefined;
  if (!isFailed) return failures;
  const others = failures.filter((failure) => ![error, originalError].includes(failure));
  return [rootErrorOf(unit), ...others];
}

/**
 * Returns the first error, where an error handler failed with, or passed on, another
 * one; but the last, where the first is a client error.
 */
function rootErrorOf({ error, originalError }: UnitOfWork): unknown {
  if (originalError === undefined || originalError === null) return error;
  return isClientError(originalError) ? error : originalError;
}

/** Whether an error has a status below 500. */
export function isClientError(error: unknown): boolean {
  try {
    const { status, statusCode, output } = error as Readonly<Record<string, unknown>>;
    // Boom has it in `output`.
    const inner = (output as { readonly statusCode?: unknown } | undefined)?.statusCode;
    const code = statusCode ?? status ?? inner;
    return typeof code === "number" && code < 500;
  } catch {
    return false;
  }
}

/** Codes of errors of Node and its streams after the peer has closed the connection, or the app has aborted. */
const DISCONNECT_CODES: ReadonlySet<unknown> = new Set([
  "ABORT_ERR",
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_UNABLE_TO_PIPE",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** Whether `error` only reports the disconnect, of a client that has disconnected. */
export function isDisconnectError(error: unknown): boolean {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    return DISCONNECT_CODES.has(code) || name === "AbortError";
  } catch {
    return false;
  }
}
