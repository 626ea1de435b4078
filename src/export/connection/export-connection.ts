import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { Attempt } from "./attempt.ts";
import type { ProxyEnvironment } from "./proxy.ts";

/**
 * How much of a response is read. OTLP responses are a few bytes, or a sentence;
 * of upstream's 4 MiB all would be buffered only to be discarded.
 */
export const MAX_RESPONSE_BYTES: number = 64 * 1024;

/** A connection to one peer over HTTP or gRPC, which sends each request once. */
export interface ExportConnection {
  readonly kind: "http" | "grpc";
  /** The full address of the call. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The proxies of its requests. */
  readonly proxyEnv?: ProxyEnvironment | undefined;
  /** Returns the request body for a message, which is compressed if the headers name an encoding. */
  encodeBody(message: Uint8Array): Uint8Array;
  /** Starts one attempt. Never throws. */
  attempt(body: Uint8Array): ExportAttempt;
}

/** `isFullyWritten` is false once the peer has not accepted it: then it may be sent again. */
export type ExportAttempt = Attempt<ExportResponse>;

export type ExportResponse =
  /** Accepted. `body` is the peer's message; a warning describes why it could not be read. */
  | { readonly status: "success"; readonly body: Uint8Array; readonly warning?: string }
  /** Not accepted for now. `retryAfterMs` is the pause that the peer asks for, unbounded; undefined without one. */
  | {
      readonly status: "retryable";
      readonly failure: ExportFailure;
      readonly retryAfterMs: number | undefined;
      /** The peer is not at fault: the next attempt need not wait. */
      readonly retryImmediately?: boolean;
    }
  /** Never accepted. */
  | { readonly status: "failure"; readonly failure: ExportFailure };

/** An attempt that failed before it started, for instance by an invalid header. */
export function failedAttempt(cause: unknown): ExportAttempt {
  const words = cause instanceof Error ? cause.message : String(cause);
  const response = failureResponse("network", excerpt(words));
  return { response: Promise.resolve(response), isFullyWritten: () => false, abort: () => {} };
}

export interface ExportFailure {
  /** Whether the peer could not be reached, or responded and did not accept the request. */
  readonly source: "network" | "peer";
  /** In words, for one line on stderr. */
  readonly reason: string;
  /** Whether the peer accepts a smaller request. */
  readonly isTooLarge?: boolean;
}

export function retryableResponse(
  source: ExportFailure["source"],
  reason: string,
  retryAfterMs?: number,
): ExportResponse {
  return { status: "retryable", failure: { source, reason }, retryAfterMs };
}

export function failureResponse(source: ExportFailure["source"], reason: string): ExportResponse {
  return { status: "failure", failure: { source, reason } };
}

/** Returns the response to a request that the peer only accepts in smaller parts. */
export function tooLargeResponse(reason: string): ExportResponse {
  return { status: "failure", failure: { source: "peer", reason, isTooLarge: true } };
}
