import { BroadcastChannel, type Worker } from "node:worker_threads";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import {
  METRICS_CHANNEL,
  isThreadMessage,
  postThreadMessage,
  type ThreadMessage,
} from "./channel.ts";
import {
  type MetricsPart,
  MetricsMerge,
  monotonicMetrics,
  type SeriesPlaces,
} from "../merge/metrics-merge.ts";
import { threadRule } from "../merge/rules.ts";

/**
 * How long to wait for responses. A worker that computes can't respond, nor can a
 * terminated one: the page then has its last response. One that ended by itself
 * has posted its final metrics, which may arrive after its `exit` event.
 */
const RESPONSE_TIMEOUT_MS = 200;

/** How long a new worker has to announce itself; one that does not is not preloaded. */
const ANNOUNCE_TIMEOUT_MS = 1000;

/** Ended threads whose metrics are stored separately, in case their final metrics are in flight. */
const MAX_ENDED_THREADS = 16;

interface WorkerState {
  ended: boolean;
  /** The time of its `exit` event, by `performance.now()`, while its final metrics have not arrived. */
  exitedAt: number | undefined;
  scopeMetrics: ScopeMetrics[];
}

/**
 * The main thread's side: requests the metrics of the worker threads and merges
 * them. The channel is opened when the app creates its first worker.
 */
export class WorkerThreads {
  readonly #threads = new Map<number, WorkerState>();
  /** Workers that have not announced themselves, with the time of their creation. */
  readonly #unannounced = new Map<number, number>();
  #channel: BroadcastChannel | undefined = undefined;
  #endedTotals: ScopeMetrics[] = [];
  readonly #places: SeriesPlaces = new Map();
  #requestNumber = 0;
  /** Shared by overlapping scrapes. */
  #collecting: Promise<void> | undefined = undefined;
  #onResponse: (threadId: number) => void = () => {};

  /** Tracks a new worker, before its code runs. */
  track(worker: Worker): void {
    this.#channel ??= this.#open();
    const { threadId } = worker;
    this.#unannounced.set(threadId, performance.now());
    worker.once("exit", () => this.#onExit(threadId));
  }

  /** Returns the metrics of the whole process. Never rejects. */
  async mergeInto(main: ScopeMetrics[]): Promise<ScopeMetrics[]> {
    this.#collecting ??= this.#requestMetrics().finally(() => {
      this.#collecting = undefined;
    });
    await this.#collecting;
    return this.#merge(main);
  }

  /** Adds the metrics as of the last responses. */
  mergeKnown(main: ScopeMetrics[]): ScopeMetrics[] {
    return this.#merge(main);
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
    if (message.kind === "request") return;
    this.#unannounced.delete(message.threadId);
    const thread = this.#threads.get(message.threadId) ?? newWorkerState();
    this.#threads.set(message.threadId, thread);
    if (message.kind === "ready") {
      if (this.#collecting !== undefined) this.#postRequest();
      return;
    }
    thread.scopeMetrics = message.scopeMetrics;
    if (message.requestNumber === undefined) {
      thread.exitedAt = undefined;
      this.#markEnded(thread);
      this.#onResponse(message.threadId);
    } else if (message.requestNumber === this.#requestNumber) {
      this.#onResponse(message.threadId);
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
      const merge = new MetricsMerge(threadRule);
      merge.add(ownPart(this.#endedTotals));
      merge.add(ownPart(monotonicMetrics(scopeMetrics)));
      this.#endedTotals = merge.result();
      this.#threads.delete(id);
    }
  }

  async #requestMetrics(): Promise<void> {
    const pending = new Set(this.#expectedThreads());
    if (pending.size === 0) return;
    this.#requestNumber += 1;
    await new Promise<void>((resolve) => {
      // A blocked event loop first handles the messages that have arrived.
      const timer = setTimeout(() => setImmediate(resolve), RESPONSE_TIMEOUT_MS);
      timer.unref();
      this.#onResponse = (threadId) => {
        pending.delete(threadId);
        if (pending.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.#postRequest();
    });
  }

  #postRequest(): void {
    if (this.#channel !== undefined)
      postThreadMessage(this.#channel, {
        kind: "request",
        requestNumber: this.#requestNumber,
      });
  }

  /** Yields running threads, those whose final metrics are in flight, and new ones that may announce themselves. */
  *#expectedThreads(): IterableIterator<number> {
    const now = performance.now();
    for (const [threadId, { ended, exitedAt = -Infinity }] of this.#threads) {
      if (!ended || now - exitedAt < RESPONSE_TIMEOUT_MS) yield threadId;
    }
    for (const [threadId, since] of this.#unannounced) {
      if (now - since < ANNOUNCE_TIMEOUT_MS) yield threadId;
      else this.#unannounced.delete(threadId);
    }
  }

  #merge(main: ScopeMetrics[]): ScopeMetrics[] {
    const merge = new MetricsMerge(threadRule, this.#places);
    merge.add(ownPart(main));
    merge.add(ownPart(this.#endedTotals));
    for (const [threadId, { scopeMetrics, ended }] of this.#threads)
      merge.add({ scopeMetrics, ended, labels: { "thread.id": threadId } });
    return merge.result();
  }
}

/** The part without labels. */
function ownPart(scopeMetrics: readonly ScopeMetrics[]): MetricsPart {
  return { scopeMetrics, ended: false, labels: undefined };
}

function newWorkerState(): WorkerState {
  return { ended: false, exitedAt: undefined, scopeMetrics: [] };
}
