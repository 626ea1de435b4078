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
    postThreadMessage(channel, { kind: "metrics", threadId, requestNumber, scopeMetrics });
  };
  channel.addEventListener("message", ({ data }: { data: unknown }) => {
    if (!isThreadMessage(data) || data.kind !== "request") return;
    const { requestNumber } = data;
    void collector.collect().then((metrics) => postMetrics(requestNumber, metrics), ignoreFailure);
  });
  channel.unref();
  process.on("exit", () => postMetrics(undefined, collector.collectNow()));
  postThreadMessage(channel, { kind: "ready", threadId });
}

/** The collection has reported the failure; the main thread continues without a response. */
function ignoreFailure(): void {}
