/** What a middleware gets from those after it. */
export interface ProcedureResult {
  readonly ok: boolean;
  readonly error?: { readonly code?: unknown; readonly cause?: unknown };
}

/** A call that failed by the server's fault. */
export interface TrpcFailure {
  /** tRPC's error. */
  readonly error: object;
  /** What was thrown: tRPC puts its own around it. */
  readonly reason: unknown;
  /** Whether the app has reported tRPC's error by itself. */
  isReported(): boolean;
}

/**
 * The codes that become a status of 5xx; all others are the client's doing.
 * https://trpc.io/docs/server/error-handling#error-codes
 */
const SERVER_ERROR_CODES: ReadonlySet<unknown> = new Set([
  "INTERNAL_SERVER_ERROR",
  "NOT_IMPLEMENTED",
  "BAD_GATEWAY",
  "SERVICE_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
]);

/** Undefined if it is none, or the client's fault. */
export function serverFailureOf({ error }: ProcedureResult): TrpcFailure | undefined {
  if (error === undefined || !SERVER_ERROR_CODES.has(error.code)) return undefined;
  return {
    error,
    reason: error.cause ?? error,
    isReported: () =>
      (error as { readonly __sentry_captured__?: boolean }).__sentry_captured__ === true,
  };
}
