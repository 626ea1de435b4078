import { BroadcastChannel, threadId } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { CHANNEL, isThreadMessage, type ThreadMessage } from "./channel.ts";

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
  const post = (message: ThreadMessage): void => channel.postMessage(message);
  const tell = (question: number | undefined, scopeMetrics: ScopeMetrics[]): void => {
    post({ kind: "tell", threadId, question, scopeMetrics });
  };
  channel.onmessage = ({ data }: { data: unknown }): void => {
    if (!isThreadMessage(data) || data.kind !== "ask") return;
    const { question } = data;
    void source.collect().then((metrics) => tell(question, metrics), leaveOut);
  };
  channel.unref();
  process.on("exit", () => tell(undefined, source.collectNow()));
  post({ kind: "hello", threadId });
}

/** The collection has said why itself; the main thread goes on without us. */
function leaveOut(): void {}
