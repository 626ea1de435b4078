import { BroadcastChannel, type Worker } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { CHANNEL, isThreadMessage, post, type ThreadMessage } from "./channel.ts";
import { lasting, mergeThreads, type ThreadMetrics } from "./merge.ts";

/**
 * A worker that computes can't answer; the page then has what it said before.
 * Neither can one that was terminated; but one that ended by itself has posted a
 * last word, which may be read after Node's word of the end.
 */
const PATIENCE_MS = 200;

/** As long as this a new worker may take to say hello; one that never does is not of ours. */
const NEW_MS = 1000;

/** Ended threads that are kept apart, in case their last word is still under way. */
const ENDED_KEPT = 16;

interface Thread {
  ended: boolean;
  /** When Node said that it ended while its last word wasn't read yet, by `performance.now()`. */
  exitedAt: number | undefined;
  scopeMetrics: ScopeMetrics[];
}

/**
 * The main thread's side: asks the worker threads and adds up. Nothing is opened
 * before the app makes its first worker.
 */
export class WorkerThreads {
  readonly #threads = new Map<number, Thread>();
  /** Workers that have not said anything yet, and since when they are there. */
  readonly #new = new Map<number, number>();
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
    this.#new.set(threadId, performance.now());
    worker.once("exit", () => this.#exit(threadId));
  }

  /** What the whole process has. Never rejects. */
  async addTo(main: ScopeMetrics[]): Promise<ScopeMetrics[]> {
    this.#asking ??= this.#ask().finally(() => {
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
    this.#new.delete(message.threadId);
    const thread = this.#threads.get(message.threadId) ?? newThread();
    this.#threads.set(message.threadId, thread);
    if (message.kind === "hello") {
      if (this.#asking !== undefined) this.#postQuestion();
      return;
    }
    thread.scopeMetrics = message.scopeMetrics;
    if (message.question === undefined) {
      thread.exitedAt = undefined;
      this.#end(thread);
      this.#answered(message.threadId);
    } else if (message.question === this.#question) {
      this.#answered(message.threadId);
    }
  }

  #exit(threadId: number): void {
    this.#new.delete(threadId);
    const thread = this.#threads.get(threadId);
    if (thread === undefined || thread.ended) return;
    thread.exitedAt = performance.now();
    this.#end(thread);
  }

  #end(thread: Thread): void {
    thread.ended = true;
    const ended = [...this.#threads].filter(([, { ended }]) => ended);
    for (const [id, { scopeMetrics }] of ended.slice(0, -ENDED_KEPT)) {
      this.#gone = lasting(mergeThreads(this.#gone, [{ threadId: id, scopeMetrics, ended: true }]));
      this.#threads.delete(id);
    }
  }

  async #ask(): Promise<void> {
    const waiting = new Set(this.#awaited());
    if (waiting.size === 0) return;
    this.#question += 1;
    await new Promise<void>((resolve) => {
      // An event loop that was held up reads first what waits.
      const timer = setTimeout(() => setImmediate(resolve), PATIENCE_MS);
      timer.unref();
      this.#answered = (threadId) => {
        waiting.delete(threadId);
        if (waiting.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.#postQuestion();
    });
  }

  #postQuestion(): void {
    if (this.#channel !== undefined) post(this.#channel, { kind: "ask", question: this.#question });
  }

  /** Those that live, whose last word is under way, or that may be about to say hello. */
  *#awaited(): IterableIterator<number> {
    const now = performance.now();
    for (const [threadId, { ended, exitedAt = -Infinity }] of this.#threads) {
      if (!ended || now - exitedAt < PATIENCE_MS) yield threadId;
    }
    for (const [threadId, since] of this.#new) {
      if (now - since < NEW_MS) yield threadId;
      else this.#new.delete(threadId);
    }
  }

  #known(): ThreadMetrics[] {
    const threads = Array.from(this.#threads, ([threadId, thread]) => ({ threadId, ...thread }));
    return [{ threadId: 0, scopeMetrics: this.#gone, ended: true }, ...threads];
  }
}

function newThread(): Thread {
  return { ended: false, exitedAt: undefined, scopeMetrics: [] };
}
