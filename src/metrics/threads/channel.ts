import type { BroadcastChannel } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";

/** What threads of one process say to each other; the number is the version of this protocol. */
export const METRICS_CHANNEL = "telltale.metrics.1";

export type ThreadMessage =
  /** A worker thread is there and can be asked. */
  | { readonly kind: "hello"; readonly threadId: number }
  /** The main thread wants to know. */
  | { readonly kind: "ask"; readonly question: number }
  /** All that a worker thread has; without a question: it ends. */
  | {
      readonly kind: "tell";
      readonly threadId: number;
      readonly question: number | undefined;
      readonly scopeMetrics: ScopeMetrics[];
    };

/** Another copy of us, or somebody else, may use the same name. */
export function isThreadMessage(data: unknown): data is ThreadMessage {
  if (typeof data !== "object" || data === null || !("kind" in data)) return false;
  return data.kind === "hello" || data.kind === "ask" || data.kind === "tell";
}

/** With the type of what is said. */
export function postThreadMessage(channel: BroadcastChannel, message: ThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins.
  channel.postMessage(message);
}
