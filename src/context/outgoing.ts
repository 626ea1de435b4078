import type { PropagationHeaders } from "./messaging.ts";

/*
 * What those who know a way out of the process (instrumentation) and those who
 * know what a call is (entry) say to each other. Nothing behind it ever throws.
 */

/** A request of HTTP that is on its way, until its response is read. */
export interface OutgoingCall {
  /** Headers that it is to have, in lower case. */
  readonly propagationHeaders: PropagationHeaders;
  /** Where it goes; asked for once, at the end. */
  setTarget(target: () => OutgoingTarget | undefined): void;
  /**
   * @param version of the protocol, as `network.protocol.version` has it
   * @param isUnread whether the app has not begun to read the body; undefined: there is none
   */
  setResponse(statusCode: number, version: string, isUnread: (() => boolean) | undefined): void;
  /** Only the first end counts. */
  fail(error: Error): void;
  end(): void;
}

export interface OutgoingTarget {
  /** `https://host:port`. */
  readonly origin: string;
  /** With its query; empty where there is none. */
  readonly path: string;
}

export interface OutgoingCalls {
  /** Undefined where nothing is to be traced. */
  start(method: string): OutgoingCall | undefined;
}
