import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { ProxyEnvironment } from "./proxy.ts";

/** A way to one peer, over HTTP or gRPC: one attempt, without second thoughts. */
export interface ExportConnection {
  readonly kind: "http" | "grpc";
  /** The full address of the call. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose proxies its requests go by. */
  readonly proxyEnv?: ProxyEnvironment | undefined;
  /** The message (compressed, where the headers say so) as the body of a request. */
  encodeBody(message: Uint8Array): Uint8Array;
  /** Starts one attempt. Never throws. */
  attempt(body: Uint8Array): ExportAttempt;
}

/** One request on its way. */
export interface ExportAttempt {
  /** Never rejects. */
  readonly response: Promise<ExportResponse>;
  /**
   * The kernel has the whole request, and nothing speaks against the peer taking it.
   * Exact, because libuv writes only while our loop turns, and calls the stream back
   * in the same turn.
   */
  isFullyWritten(): boolean;
  /** Ends it now; the answer is what is known by then, or `reason`. */
  abort(reason: string): void;
}

export type ExportResponse =
  /** Accepted. `body` is the peer's message; a remark says why it could not be read. */
  | { readonly kind: "taken"; readonly body: Uint8Array; readonly warning?: string }
  /** Not now; `retryAfterMs` is what the peer asks for, unbounded; undefined where it names no time. */
  | {
      readonly kind: "busy";
      readonly failure: ExportFailure;
      readonly retryAfterMs: number | undefined;
      /** It is no fault of the peer's: the next attempt need not wait. */
      readonly retryImmediately?: boolean;
    }
  /** Never. */
  | { readonly kind: "refused"; readonly failure: ExportFailure };

/** An answer to come. The first one that is given counts. */
export class DeferredResponse {
  readonly response: Promise<ExportResponse>;
  #resolve: (response: ExportResponse) => void = noop;

  constructor() {
    this.response = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  resolve(response: ExportResponse): void {
    this.#resolve(response);
  }
}

function noop(): void {}

/** An attempt that came to nothing before it began: a header that can't be sent, say. */
export function failedAttempt(cause: unknown): ExportAttempt {
  const words = cause instanceof Error ? cause.message : String(cause);
  const response = failureResponse("network", excerpt(words));
  return { response: Promise.resolve(response), isFullyWritten: () => false, abort: noop };
}

export interface ExportFailure {
  /** The peer could not be reached, or it answered and did not want it. */
  readonly source: "network" | "peer";
  /** In words, for one line on stderr. */
  readonly reason: string;
}

export function retryableResponse(
  source: ExportFailure["source"],
  reason: string,
  retryAfterMs?: number,
): ExportResponse {
  return { kind: "busy", failure: { source, reason }, retryAfterMs };
}

export function failureResponse(source: ExportFailure["source"], reason: string): ExportResponse {
  return { kind: "refused", failure: { source, reason } };
}
