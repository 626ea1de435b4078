import { excerptOf } from "../diagnostics/plain-text.ts";
import type { ProxyEnvironment } from "./proxy.ts";

/** A way to one peer, over HTTP or gRPC: one attempt, without second thoughts. */
export interface Channel {
  readonly kind: "http" | "grpc";
  /** The full address of the call. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose proxies its requests go by. */
  readonly proxyEnv?: ProxyEnvironment | undefined;
  /** The message (compressed, where the headers say so) as the body of a request. */
  frame(message: Uint8Array): Uint8Array;
  /** Starts one attempt. Never throws. */
  attempt(body: Uint8Array): Attempt;
}

/** One request on its way. */
export interface Attempt {
  /** Never rejects. */
  readonly answer: Promise<Answer>;
  /**
   * The kernel has the whole request, and nothing speaks against the peer taking it.
   * Exact, because libuv writes only while our loop turns, and calls the stream back
   * in the same turn.
   */
  handedOver(): boolean;
  /** Ends it now; the answer is what is known by then, or `reason`. */
  stop(reason: string): void;
}

export type Answer =
  /** Accepted. `body` is the peer's message; a remark says why it could not be read. */
  | { readonly kind: "taken"; readonly body: Uint8Array; readonly remark?: string }
  /** Not now; `retryAfterMs` is what the peer asks for, unbounded; undefined where it names no time. */
  | {
      readonly kind: "busy";
      readonly failure: Failure;
      readonly retryAfterMs: number | undefined;
      /** It is no fault of the peer's: the next attempt need not wait. */
      readonly atOnce?: boolean;
    }
  /** Never. */
  | { readonly kind: "refused"; readonly failure: Failure };

/** An answer to come. The first one that is given counts. */
export class Expected {
  readonly answer: Promise<Answer>;
  #resolve: (answer: Answer) => void = ignore;

  constructor() {
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  settle(answer: Answer): void {
    this.#resolve(answer);
  }
}

function ignore(): void {}

/** An attempt that came to nothing before it began: a header that can't be sent, say. */
export function failedAttempt(cause: unknown): Attempt {
  const words = cause instanceof Error ? cause.message : String(cause);
  const answer = refused("network", excerptOf(words));
  return { answer: Promise.resolve(answer), handedOver: () => false, stop: ignore };
}

export interface Failure {
  /** The peer could not be reached, or it answered and did not want it. */
  readonly by: "network" | "peer";
  /** In words, for one line on stderr. */
  readonly reason: string;
}

export function busy(by: Failure["by"], reason: string, retryAfterMs?: number): Answer {
  return { kind: "busy", failure: { by, reason }, retryAfterMs };
}

export function refused(by: Failure["by"], reason: string): Answer {
  return { kind: "refused", failure: { by, reason } };
}
