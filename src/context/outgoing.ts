import type { PropagationHeaders } from "./messaging.ts";

/*
 * Contract between the adaptors of HTTP clients (`instrumentation/`) and the tracing
 * of outgoing calls (`http/client/`). None of its functions throws.
 */

/** Outgoing HTTP request, until its response is read. */
export interface OutgoingCall {
  /** Headers to add to the request, with names in lower case. */
  readonly propagationHeaders: PropagationHeaders;
  /** Sets the function that returns the target; it is called once, at the end. */
  setTarget(target: () => OutgoingTarget | undefined): void;
  /**
   * @param version of the protocol, as in `network.protocol.version`
   * @param isUnread returns whether the app has not started to read the body; undefined if there is
   *   none
   */
  setResponse(statusCode: number, version: string, isUnread: (() => boolean) | undefined): void;
  /** Ends the call with an error. Only the first end counts. */
  fail(error: Error): void;
  end(): void;
}

/** Target of an outgoing call. */
export interface OutgoingTarget {
  /** Scheme and authority: `https://host:port`. */
  readonly origin: string;
  /** Path with its query; empty where there is none. */
  readonly path: string;
}

/** Tracing of outgoing calls for the adaptors of HTTP clients. */
export interface OutgoingCalls {
  /** Returns undefined where tracing is suppressed. */
  start(method: string): OutgoingCall | undefined;
}
