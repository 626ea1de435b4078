import { BroadcastChannel, threadId } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { CHANNEL, isThreadMessage, post } from "./channel.ts";

export interface ThreadSource {
  readonly collect: () => Promise<ScopeMetrics[]>;
  readonly collectNow: () => ScopeMetrics[];
}

/**
 * A worker thread's side: it opens no port, it tells the main thread what it has
 * when that is asked for the page, and once more when it ends. A thread that is
 * terminated has no last word; what it said last stays.
 */
export function tellMainThread(source: ThreadSource): void {
  const channel = new BroadcastChannel(CHANNEL);
  const tell = (question: number | undefined, scopeMetrics: ScopeMetrics[]): void => {
    post(channel, { kind: "tell", threadId, question, scopeMetrics });
  };
  channel.addEventListener("message", ({ data }: { data: unknown }) => {
    if (!isThreadMessage(data) || data.kind !== "ask") return;
    const { question } = data;
    void source.collect().then((metrics) => tell(question, metrics), leaveOut);
  });
  channel.unref();
  process.on("exit", () => tell(undefined, source.collectNow()));
  post(channel, { kind: "hello", threadId });
}

/** The collection has said why itself; the main thread goes on without us. */
function leaveOut(): void {}
