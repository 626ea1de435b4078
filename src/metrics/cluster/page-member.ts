import { AsyncLocalStorage } from "node:async_hooks";
import { connect, type Socket } from "node:net";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { runSuppressed } from "../../context/manager.ts";
import { isMonotonicMetric } from "../merge/metrics-merge.ts";
import { CounterSeries, HistogramSeries, ObservedSeries } from "../series.ts";
import type { SeriesFilter } from "../reader-state.ts";
import type { SeriesChanges } from "../series/series-changes.ts";
import { ownerMessageOf } from "./message-check.ts";
import type { Inheritance } from "./succession.ts";
import {
  encodeMetrics,
  lineOf,
  MAX_UNREAD_CHANGES,
  MessageReader,
  type MemberMessage,
} from "./protocol.ts";

/** What a member reads of its own process. */
export interface MemberSource {
  readonly changes: SeriesChanges;
  /** Watches `changes`. */
  readonly watch: (onFirst: () => void) => void;
  /** Runs callbacks of observables, and collects. */
  readonly collect: (filter: SeriesFilter) => Promise<ScopeMetrics[]>;
  /** Collects synchronously, with the values of synchronous callbacks. */
  readonly collectNow: (filter: SeriesFilter) => ScopeMetrics[];
  /** Copies series without callbacks. */
  readonly snapshot: (filter: SeriesFilter) => ScopeMetrics[];
  /** The metrics of the worker threads. */
  readonly threads: () => Promise<ScopeMetrics[] | undefined>;
  /** The metrics of the worker threads, as of their last responses. */
  readonly knownThreads: () => ScopeMetrics[];
}

export interface MemberEvents {
  /** Called at most once. */
  readonly onAccept: () => void;
  /** Called with what this process shall keep for the next owner; each replaces the last one. */
  readonly onInheritance: (inheritance: Inheritance) => void;
  /** Called with a call of the owner. Returns the reply, which JSON can represent. */
  readonly onCall: (call: unknown) => unknown;
  /** Called once, with whether the owner had accepted. */
  readonly onEnd: (wasAccepted: boolean) => void;
}

/** How long an owner may take to accept: it may be blocked. */
const ACCEPT_TIMEOUT_MS = 2000;

/**
 * The side of a process without the admin port: sends its metrics to the process that
 * has it. Counters and histograms are pushed soon after they have changed, so that a
 * process that is killed loses few counts, and all others when the page is requested.
 */
export class PageMember {
  readonly #source: MemberSource;
  /** Carries all metrics. The owner does not write to it: see `protocol.ts`. */
  readonly #socket: Socket;
  readonly #control: Socket;
  readonly #id: string;
  readonly #reader = new MessageReader();
  /** The app's code that records values has its own context, which must not be retained. */
  readonly #runOutsideContext: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  #pushTimer: NodeJS.Timeout;
  #pushDelayMs = 0;
  /** By `performance.now()`. */
  #pushedAt = 0;
  /** The series pushed since the last answer, whose exemplars the next one has. */
  #pushed = new Set<object>();
  /** Numbers of its messages with changes. */
  #sentChanges = 0;
  #readChanges = 0;
  /** Whether the owner hangs. */
  #isHeld = false;
  readonly #onInheritance: MemberEvents["onInheritance"];
  readonly #onCall: MemberEvents["onCall"];

  /**
   * Connects. The first message has all counts, and is written before the owner accepts:
   * a process may be killed early.
   *
   * @param inheritance what a previous owner has left to this process.
   */
  constructor(
    path: string,
    id: string,
    source: MemberSource,
    inheritance: Inheritance | undefined,
    { onAccept, onInheritance, onCall, onEnd }: MemberEvents,
  ) {
    this.#source = source;
    this.#id = id;
    this.#onInheritance = onInheritance;
    this.#onCall = onCall;
    this.#socket = connectTo(path);
    this.#control = connectTo(path);
    this.#pushTimer = this.#createPushTimer(0);
    const timeout = setTimeout(() => this.close(), ACCEPT_TIMEOUT_MS).unref();
    let isAccepted = false;
    this.#control.on("data", (chunk: Buffer) =>
      this.#onData(chunk, () => {
        clearTimeout(timeout);
        if (!isAccepted) onAccept();
        isAccepted = true;
      }),
    );
    this.#onClose(() => {
      clearTimeout(timeout);
      clearTimeout(this.#pushTimer);
      source.changes.unwatch();
      onEnd(isAccepted);
    });
    this.#socket.once("connect", () => this.#runSafely(() => this.#sendAll(inheritance)));
    this.#socket.on("drain", () => this.#isHeld && this.#push());
    this.#control.once("connect", () =>
      this.#control.write(lineOf({ kind: "control", id: this.#id })),
    );
  }

  /**
   * Sends what has changed, at the end of the process. The write is synchronous, even if the
   * owner hangs: pushes do not fill the socket's buffer.
   */
  pushLast(): void {
    if (!this.#socket.writable) return;
    const changed = this.#source.changes.take();
    const metrics = this.#source.collectNow(
      (series) => changed.has(series) || series instanceof ObservedSeries,
    );
    this.#sendChanges(metrics);
  }

  close(): void {
    this.#socket.destroy();
    this.#control.destroy();
  }

  /** Calls a function when both connections are closed. */
  #onClose(onClosed: () => void): void {
    // The owner may have written before its end, which a write of this process reports earlier.
    this.#socket.once("close", () => this.#control.end());
    this.#control.once("close", () => this.#socket.destroy());
    let open = 2;
    const onClose = (): void => {
      open -= 1;
      if (open === 0) onClosed();
    };
    for (const socket of [this.#socket, this.#control]) socket.once("close", onClose);
  }

  #onData(chunk: Buffer, onAccept: () => void): void {
    try {
      for (const message of this.#reader.read(chunk)) {
        const received = ownerMessageOf(message);
        if (received.kind === "accepted") {
          clearTimeout(this.#pushTimer);
          this.#pushDelayMs = received.pushDelayMs;
          this.#pushTimer = this.#createPushTimer(received.pushDelayMs);
          onAccept();
        } else if (received.kind === "request") {
          void this.#answer(received.requestNumber).catch(() => this.close());
        } else if (received.kind === "call") {
          const { callNumber, call } = received;
          this.#send({ kind: "reply", callNumber, reply: this.#onCall(call) });
        } else if (received.kind === "read") {
          this.#readChanges = received.changes;
          if (this.#isHeld) this.#push();
        } else this.#onInheritance(received);
      }
    } catch {
      // An owner of another kind: this process goes on without it.
      this.close();
    }
  }

  #sendAll(inheritance: Inheritance | undefined): void {
    this.#source.watch(() => this.#schedulePush());
    this.#send({ kind: "hello", id: this.#id, pid: process.pid, ppid: process.ppid });
    if (inheritance !== undefined) this.#send({ kind: "inheritance", ...inheritance });
    this.#sendChanges(this.#source.snapshot(() => true));
  }

  /** Pushes after the app's code of this tick, unless the last push was just before. */
  #schedulePush(): void {
    if (performance.now() - this.#pushedAt < this.#pushDelayMs) this.#pushTimer.refresh();
    else this.#runOutsideContext(() => process.nextTick(this.#push));
  }

  #createPushTimer(delayMs: number): NodeJS.Timeout {
    return setTimeout(this.#push, delayMs).unref();
  }

  readonly #push = (): void => this.#runSafely(() => this.#pushChanges());

  /** Runs code without a caller that would catch: an error would crash the app. */
  #runSafely(work: () => void): void {
    try {
      work();
    } catch {
      this.close();
    }
  }

  #pushChanges(): void {
    const { changes, snapshot } = this.#source;
    if (changes.size === 0 || !this.#socket.writable) return;
    // What changes while the owner hangs is pushed together.
    const unread = this.#sentChanges - this.#readChanges;
    this.#isHeld = unread >= MAX_UNREAD_CHANGES || this.#socket.writableLength > 0;
    if (this.#isHeld) return;
    this.#pushedAt = performance.now();
    const changed = changes.take();
    for (const series of changed) this.#pushed.add(series);
    this.#sendChanges(snapshot((series) => changed.has(series)));
  }

  async #answer(requestNumber: number): Promise<void> {
    const pushed = this.#pushed;
    this.#pushed = new Set();
    const { changes, collect, threads } = this.#source;
    const threadMetrics = await threads();
    // Last, and sent at once: values that are older than a push would make counters fall.
    const metrics = await collect(
      (series) => !isCounted(series) || pushed.has(series) || changes.has(series),
    );
    this.#send({
      kind: "answer",
      requestNumber,
      scopeMetrics: encodeMetrics(metrics, true),
      threads: threadMetrics && encodeMetrics(threadMetrics, true),
    });
  }

  #sendChanges(scopeMetrics: readonly ScopeMetrics[]): void {
    const counts = scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter(isMonotonicMetric),
    }));
    this.#sentChanges += 1;
    this.#send({ kind: "changes", scopeMetrics: encodeMetrics(counts, false) });
  }

  #send(message: MemberMessage): void {
    if (this.#socket.writable) this.#socket.write(lineOf(message));
  }
}

/** Connects without a span, and without keeping the process alive. */
function connectTo(path: string): Socket {
  const socket = runSuppressed(() => connect({ path }));
  socket.unref();
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Whether the series is pushed when it changes. */
function isCounted(series: object): boolean {
  return series instanceof CounterSeries || series instanceof HistogramSeries;
}
