import { BroadcastChannel, type Worker } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import {
  METRICS_CHANNEL,
  isThreadMessage,
  postThreadMessage,
  type ThreadMessage,
} from "./channel.ts";
import { monotonicMetrics, mergeThreads, type ThreadMetrics } from "./merge.ts";

/**
 * A worker that computes can't answer; the page then has what it said before.
 * Neither can one that was terminated; but one that ended by itself has posted a
 * last word, which may be read after Node's word of the end.
 */
const ANSWER_TIMEOUT_MS = 200;

/** As long as this a new worker may take to say hello; one that never does is not of ours. */
const ANNOUNCE_TIMEOUT_MS = 1000;

/** Ended threads that are kept apart, in case their last word is still under way. */
const MAX_ENDED_THREADS = 16;

interface WorkerState {
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
  readonly #threads = new Map<number, WorkerState>();
  /** Workers that have not said anything yet, and since when they are there. */
  readonly #unannounced = new Map<number, number>();
  #channel: BroadcastChannel | undefined = undefined;
  #endedTotals: ScopeMetrics[] = [];
  #requestNumber = 0;
  /** Scrapes that overlap ask once. */
  #collecting: Promise<void> | undefined = undefined;
  #onAnswer: (threadId: number) => void = () => {};

  /** A new worker, before its code runs. */
  track(worker: Worker): void {
    this.#channel ??= this.#open();
    const { threadId } = worker;
    this.#unannounced.set(threadId, performance.now());
    worker.once("exit", () => this.#onExit(threadId));
  }

  /** What the whole process has. Never rejects. */
  async mergeInto(main: ScopeMetrics[]): Promise<ScopeMetrics[]> {
    this.#collecting ??= this.#requestMetrics().finally(() => {
      this.#collecting = undefined;
    });
    await this.#collecting;
    return mergeThreads(main, this.#allThreads());
  }

  #open(): BroadcastChannel {
    const channel = new BroadcastChannel(METRICS_CHANNEL);
    channel.addEventListener("message", ({ data }: { data: unknown }) => {
      if (isThreadMessage(data)) this.#onMessage(data);
    });
    channel.unref();
    return channel;
  }

  #onMessage(message: ThreadMessage): void {
    if (message.kind === "ask") return;
    this.#unannounced.delete(message.threadId);
    const thread = this.#threads.get(message.threadId) ?? newWorkerState();
    this.#threads.set(message.threadId, thread);
    if (message.kind === "hello") {
      if (this.#collecting !== undefined) this.#postRequest();
      return;
    }
    thread.scopeMetrics = message.scopeMetrics;
    if (message.question === undefined) {
      thread.exitedAt = undefined;
      this.#markEnded(thread);
      this.#onAnswer(message.threadId);
    } else if (message.question === this.#requestNumber) {
      this.#onAnswer(message.threadId);
    }
  }

  #onExit(threadId: number): void {
    this.#unannounced.delete(threadId);
    const thread = this.#threads.get(threadId);
    if (thread === undefined || thread.ended) return;
    thread.exitedAt = performance.now();
    this.#markEnded(thread);
  }

  #markEnded(thread: WorkerState): void {
    thread.ended = true;
    const ended = [...this.#threads].filter(([, { ended }]) => ended);
    for (const [id, { scopeMetrics }] of ended.slice(0, -MAX_ENDED_THREADS)) {
      this.#endedTotals = monotonicMetrics(
        mergeThreads(this.#endedTotals, [{ threadId: id, scopeMetrics, ended: true }]),
      );
      this.#threads.delete(id);
    }
  }

  async #requestMetrics(): Promise<void> {
    const waiting = new Set(this.#expectedThreads());
    if (waiting.size === 0) return;
    this.#requestNumber += 1;
    await new Promise<void>((resolve) => {
      // An event loop that was held up reads first what waits.
      const timer = setTimeout(() => setImmediate(resolve), ANSWER_TIMEOUT_MS);
      timer.unref();
      this.#onAnswer = (threadId) => {
        waiting.delete(threadId);
        if (waiting.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.#postRequest();
    });
  }

  #postRequest(): void {
    if (this.#channel !== undefined)
      postThreadMessage(this.#channel, { kind: "ask", question: this.#requestNumber });
  }

  /** Those that live, whose last word is under way, or that may be about to say hello. */
  *#expectedThreads(): IterableIterator<number> {
    const now = performance.now();
    for (const [threadId, { ended, exitedAt = -Infinity }] of this.#threads) {
      if (!ended || now - exitedAt < ANSWER_TIMEOUT_MS) yield threadId;
    }
    for (const [threadId, since] of this.#unannounced) {
      if (now - since < ANNOUNCE_TIMEOUT_MS) yield threadId;
      else this.#unannounced.delete(threadId);
    }
  }

  #allThreads(): ThreadMetrics[] {
    const threads = Array.from(this.#threads, ([threadId, thread]) => ({ threadId, ...thread }));
    return [{ threadId: 0, scopeMetrics: this.#endedTotals, ended: true }, ...threads];
  }
}

function newWorkerState(): WorkerState {
  return { ended: false, exitedAt: undefined, scopeMetrics: [] };
}
