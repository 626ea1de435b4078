import { BroadcastChannel, type Worker } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { CHANNEL, isThreadMessage, post, type ThreadMessage } from "./channel.ts";
import { lasting, mergeThreads, type ThreadMetrics } from "./merge.ts";

/** A worker that computes can't answer; the page then has what it said before. */
const PATIENCE_MS = 200;

/** Ended threads that are kept apart, in case their last word is still under way. */
const ENDED_KEPT = 16;

interface Thread {
  ended: boolean;
  scopeMetrics: ScopeMetrics[];
}

/**
 * The main thread's side: asks the worker threads and adds up. Nothing is opened
 * before the app makes its first worker.
 */
export class WorkerThreads {
  readonly #threads = new Map<number, Thread>();
  #channel: BroadcastChannel | undefined = undefined;
  #gone: ScopeMetrics[] = [];
  #question = 0;
  /** Scrapes that overlap ask once. */
  #asking: Promise<void> | undefined = undefined;
  #answered: (threadId: number) => void = () => {};

  /** A new worker, before its code runs. */
  follow(worker: Worker): void {
    this.#channel ??= this.#open();
    const { threadId } = worker;
    worker.once("exit", () => this.#end(threadId));
  }

  /** What the whole process has. Never rejects. */
  async addTo(main: ScopeMetrics[]): Promise<ScopeMetrics[]> {
    if (this.#channel === undefined) return main;
    const channel = this.#channel;
    this.#asking ??= this.#ask(channel).finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    return mergeThreads(main, this.#known());
  }

  #open(): BroadcastChannel {
    const channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener("message", ({ data }: { data: unknown }) => {
      if (isThreadMessage(data)) this.#hear(data);
    });
    channel.unref();
    return channel;
  }

  #hear(message: ThreadMessage): void {
    if (message.kind === "ask") return;
    const thread = this.#threads.get(message.threadId) ?? { ended: false, scopeMetrics: [] };
    this.#threads.set(message.threadId, thread);
    if (message.kind === "hello") return;
    thread.scopeMetrics = message.scopeMetrics;
    if (message.question === undefined) this.#end(message.threadId);
    if (message.question === this.#question) this.#answered(message.threadId);
  }

  #end(threadId: number): void {
    const thread = this.#threads.get(threadId);
    if (thread === undefined || thread.ended) return;
    thread.ended = true;
    this.#answered(threadId);
    const ended = [...this.#threads].filter(([, { ended }]) => ended);
    for (const [id, { scopeMetrics }] of ended.slice(0, -ENDED_KEPT)) {
      this.#gone = lasting(mergeThreads(this.#gone, [{ threadId: id, scopeMetrics, ended: true }]));
      this.#threads.delete(id);
    }
  }

  async #ask(channel: BroadcastChannel): Promise<void> {
    const waiting = new Set([...this.#threads].filter(([, { ended }]) => !ended).map(([id]) => id));
    if (waiting.size === 0) return;
    this.#question += 1;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      timer.unref();
      this.#answered = (threadId) => {
        waiting.delete(threadId);
        if (waiting.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      post(channel, { kind: "ask", question: this.#question });
    });
  }

  #known(): ThreadMetrics[] {
    const threads = Array.from(this.#threads, ([threadId, thread]) => ({ threadId, ...thread }));
    return [{ threadId: 0, scopeMetrics: this.#gone, ended: true }, ...threads];
  }
}
