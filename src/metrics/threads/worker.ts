import { BroadcastChannel, threadId } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { METRICS_CHANNEL, isThreadMessage, postThreadMessage } from "./channel.ts";

export interface ThreadCollector {
  readonly collect: () => Promise<ScopeMetrics[]>;
  readonly collectNow: () => ScopeMetrics[];
}

/**
 * The worker thread's side: serves no page, but posts its metrics to the main thread
 * on request, and once more when it ends. A terminated thread can't post its final
 * metrics; those of its last response are used.
 */
export function serveMainThread(collector: ThreadCollector): void {
  const channel = new BroadcastChannel(METRICS_CHANNEL);
  const postMetrics = (requestNumber: number | undefined, scopeMetrics: ScopeMetrics[]): void => {
    const plain = scopeMetrics.map(withPlainDescriptors);
    postThreadMessage(channel, { kind: "metrics", threadId, requestNumber, scopeMetrics: plain });
  };
  channel.addEventListener("message", ({ data }: { data: unknown }) => {
    if (!isThreadMessage(data) || data.kind !== "request") return;
    const { requestNumber } = data;
    // A rejection that nothing handles would end the thread of the app.
    void collector
      .collect()
      .then((metrics) => postMetrics(requestNumber, metrics))
      .catch(ignoreFailure);
  });
  channel.unref();
  process.on("exit", () => postMetrics(undefined, collector.collectNow()));
  postThreadMessage(channel, { kind: "ready", threadId });
}

/** Leaves out the functions of descriptors, which views have and messages can't. */
function withPlainDescriptors({ scope, metrics }: ScopeMetrics): ScopeMetrics {
  const plain = metrics.map((metric) => {
    const entries = Object.entries(metric.descriptor).filter(
      ([name]) => name !== "droppedAttributes",
    );
    return { ...metric, descriptor: Object.fromEntries(entries) as typeof metric.descriptor };
  });
  return { scope, metrics: plain };
}

/** The collection has reported the failure; the main thread continues without a response. */
function ignoreFailure(): void {}
