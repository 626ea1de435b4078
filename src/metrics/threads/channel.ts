import type { BroadcastChannel } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";

/** The channel between the threads of one process; the number is the version of its messages. */
export const METRICS_CHANNEL = "telltale.metrics.2";

export type ThreadMessage =
  /** A worker thread announces itself. */
  | { readonly kind: "ready"; readonly threadId: number }
  /** The main thread requests the metrics of all worker threads. */
  | { readonly kind: "request"; readonly requestNumber: number }
  /** All metrics of a worker thread: a response, or, without a request number, its final metrics. */
  | {
      readonly kind: "metrics";
      readonly threadId: number;
      readonly requestNumber: number | undefined;
      readonly scopeMetrics: ScopeMetrics[];
    };

/** Checks a message: another copy of telltale, or other code, may use the same channel. */
export function isThreadMessage(data: unknown): data is ThreadMessage {
  if (typeof data !== "object" || data === null || !("kind" in data)) return false;
  return data.kind === "ready" || data.kind === "request" || data.kind === "metrics";
}

/** Posts a message, with its type checked. */
export function postThreadMessage(channel: BroadcastChannel, message: ThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins.
  channel.postMessage(message);
}
