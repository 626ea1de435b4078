/** The result of the next middleware. */
export interface ProcedureResult {
  readonly ok: boolean;
  readonly error?: { readonly code?: unknown; readonly cause?: unknown };
}

/** A failure of the server. */
export interface TrpcFailure {
  /** tRPC's error. */
  readonly error: object;
  /** The thrown error, which tRPC's wraps. */
  readonly reason: unknown;
  /** Whether the app has reported tRPC's error to Sentry. */
  isReported(): boolean;
}

/**
 * Codes with a status of 5xx; all others are errors of the client.
 * https://trpc.io/docs/server/error-handling#error-codes
 */
const SERVER_ERROR_CODES: ReadonlySet<unknown> = new Set([
  "INTERNAL_SERVER_ERROR",
  "NOT_IMPLEMENTED",
  "BAD_GATEWAY",
  "SERVICE_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
]);

/** Returns undefined without an error, and for errors of the client. */
export function serverFailureOf({ error }: ProcedureResult): TrpcFailure | undefined {
  if (error === undefined || !SERVER_ERROR_CODES.has(error.code)) return undefined;
  return {
    error,
    reason: error.cause ?? error,
    isReported: () =>
      (error as { readonly __sentry_captured__?: boolean }).__sentry_captured__ === true,
  };
}
