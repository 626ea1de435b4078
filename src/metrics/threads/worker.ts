import { BroadcastChannel, threadId } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { METRICS_CHANNEL, isThreadMessage, postThreadMessage } from "./channel.ts";

export interface ThreadCollector {
  readonly collect: () => Promise<ScopeMetrics[]>;
  readonly collectNow: () => ScopeMetrics[];
}

/**
 * A worker thread's side: it opens no port, it tells the main thread what it has
 * when that is asked for the page, and once more when it ends. A thread that is
 * terminated has no last word; what it said last stays.
 */
export function serveMainThread(collector: ThreadCollector): void {
  const channel = new BroadcastChannel(METRICS_CHANNEL);
  const postMetrics = (question: number | undefined, scopeMetrics: ScopeMetrics[]): void => {
    postThreadMessage(channel, { kind: "tell", threadId, question, scopeMetrics });
  };
  channel.addEventListener("message", ({ data }: { data: unknown }) => {
    if (!isThreadMessage(data) || data.kind !== "ask") return;
    const { question } = data;
    void collector.collect().then((metrics) => postMetrics(question, metrics), ignoreFailure);
  });
  channel.unref();
  process.on("exit", () => postMetrics(undefined, collector.collectNow()));
  postThreadMessage(channel, { kind: "hello", threadId });
}

/** The collection has said why itself; the main thread goes on without us. */
function ignoreFailure(): void {}
