/** tRPC's error, which wraps the one that was thrown. */
export interface TrpcError {
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** The result of the next middleware. */
export interface ProcedureResult {
  readonly ok: boolean;
  readonly error?: TrpcError;
}

/** A failure of the server. */
export interface TrpcFailure {
  /** tRPC's error. */
  readonly error: object;
  /** What was thrown, which tRPC's error wraps. */
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

/**
 * Returns undefined for errors of the client.
 *
 * @param thrown what was thrown, where tRPC does not keep it
 */
export function serverFailureOf(
  error: TrpcError,
  thrown: { readonly value: unknown } | undefined,
): TrpcFailure | undefined {
  if (!SERVER_ERROR_CODES.has(error.code)) return undefined;
  return {
    error,
    reason: thrown === undefined ? (error.cause ?? error) : thrown.value,
    isReported: () =>
      (error as { readonly __sentry_captured__?: boolean }).__sentry_captured__ === true,
  };
}
