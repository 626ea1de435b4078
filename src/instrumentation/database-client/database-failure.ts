import { sanitizeErrorMessage } from "./error-message.ts";

/** Attributes of a failed call, for its span and the metric. */
export interface DatabaseFailure {
  /** `error.type`, of low cardinality. */
  readonly type: string;
  /** `db.response.status_code`; undefined if the error is not the database's. */
  readonly statusCode?: string | undefined;
  /** Message of the span's status, sanitized. */
  readonly message: string;
}

/** Describes an error that cannot be read. */
export const UNKNOWN_FAILURE: DatabaseFailure = { type: "_OTHER", message: "" };

/**
 * Describes an error by Node's `code`, else by the name of its class. Node's
 * messages about connections contain an address and no values.
 */
export function describeError(error: unknown): DatabaseFailure {
  if (!(error instanceof Error)) return UNKNOWN_FAILURE;
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  const type = typeof code === "string" && code !== "" ? code : classOf(error);
  const isNodes = syscall !== undefined;
  return { type, message: isNodes ? error.message : sanitizeErrorMessage(error.message) };
}

/**
 * Whether the app aborted a call, by an abort signal or by closing its client. As
 * in an HTTP client, that is no error. `redis` has classes for both that do not
 * set `name`.
 */
export function isAbortedByApp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ("code" in error && error.code === "ABORT_ERR") ||
    (error.name === "AbortError" && error instanceof DOMException) ||
    // A MongoDB cursor that was closed while it waited for more documents.
    ("codeName" in error && error.codeName === "CursorKilled") ||
    (error.name === "Error" && ABORT_CLASSES.has(error.constructor.name))
  );
}

const ABORT_CLASSES = new Set(["AbortError", "DisconnectsClientError"]);

/** Returns the name of the error's class, which not every class sets as `name`. */
function classOf(error: Error): string {
  return error.name === "Error" ? error.constructor.name : error.name;
}
