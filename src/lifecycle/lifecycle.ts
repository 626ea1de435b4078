import { AsyncLocalStorage } from "node:async_hooks";
import { isMainThread } from "node:worker_threads";
import { lazy } from "../lazy.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { PendingRequest, Pipeline } from "../export/exit.ts";
import { ListenerWatch } from "./listeners.ts";
import type { SignalWatch } from "./signals.ts";

const loadSignals = lazy<typeof import("./signals.ts")>("lifecycle/signals.ts");
const loadDelivery = lazy<typeof import("../export/delivery.ts")>("export/delivery.ts");

export interface LifecycleParts {
  readonly pipelines: readonly Pipeline[];
  /** Upper limit of the one flush, in milliseconds. */
  readonly timeoutMs: number;
  readonly diagnostics: Diagnostics;
  /** Those that are listened to where nobody else does. */
  readonly signals: readonly NodeJS.Signals[];
  readonly unsent: Unsent;
  /** Whether anything is queued, in flight or under way. */
  readonly hasUnsent: () => boolean;
  /** The process was told to end. */
  readonly onSignal: () => void;
  /** The process ends: what is under way ends with it. Must not throw. */
  readonly onEnd: () => void;
}

/**
 * The end of the process, which stays the app's. It is flushed on
 * the main thread's last tick, and nothing is delayed before it: no
 * `beforeExit`, which would run an app's own listeners twice; no asynchronous
 * work after a signal, while which the app would go on living.
 *
 * - Normal end, `process.exit`, an error nobody caught: Node emits `exit`.
 * - A signal the app listens to: the app decides; we deliver at its `exit`.
 * - A signal nobody else listens to: if there is something to deliver we listen,
 *   deliver, then die of that signal; if not, it is none of our business.
 * - `process.abort`, out of memory, SIGKILL: nobody is asked.
 */
export function installLifecycle(parts: LifecycleParts): void {
  makeRoom();
  const last = new LastDelivery(parts);
  const listeners = new ListenerWatch();
  watchExit(listeners, () => last.deliver());
  // A worker thread hears no signals.
  if (isMainThread && parts.timeoutMs > 0) watchSignals(parts, listeners, () => last.deliver());
}

/** Loaded with the first thing that is unsent, or with the app's first listener. */
function watchSignals(parts: LifecycleParts, listeners: ListenerWatch, onDeath: () => void): void {
  const { signals, onSignal, unsent, hasUnsent, diagnostics } = parts;
  if (signals.length === 0) return;
  let watch: SignalWatch | undefined;
  const load = (): SignalWatch =>
    (watch ??= loadSignals().watchSignals({
      signals,
      listeners,
      onSignal,
      onDeath,
    }));
  /** It comes amid the app's work, whose context is none of ours. */
  const outside = AsyncLocalStorage.snapshot();
  const guard = (work: () => void): void => {
    try {
      outside(work);
    } catch (error) {
      diagnostics.error("signals", `signals are not listened to: ${String(error)}`);
    }
  };
  for (const signal of signals) {
    const adding = (listener: unknown): void =>
      guard(() => {
        load();
        listeners.adding(signal, listener);
      });
    listeners.watch(signal, { adding });
  }
  unsent.watch(hasUnsent, (any) => guard(() => load().setNeeded(any)));
}

/** Of ours for one event, at most. */
const LISTENERS = 2;

/** Node warns of many listeners for one event; ours must not be what is too much. */
function makeRoom(): void {
  const most = process.getMaxListeners();
  // 0: without limit.
  if (most > 0) process.setMaxListeners(most + LISTENERS);
}

/**
 * Before the app's listeners for `exit`, any of which may end the process on
 * the spot (by `process.exit`, by a throw), and after them for what they made.
 */
function watchExit(listeners: ListenerWatch, deliver: () => void): void {
  const afterOthers = (): void => deliver();
  let moves = false;
  process.on("exit", () => {
    deliver();
    // A listener may call `process.exit`, and so end the round before ours comes; nor is ours the
    // last where `process.exit` came in the tick of a `process.on`.
    if (process.listenerCount("exit") > 1) beforeReallyExit(deliver);
  });
  listeners.watch("exit", {
    adding(added) {
      if (added === afterOthers || moves) return;
      moves = true;
      process.nextTick(() => {
        moves = false;
        process.removeListener("exit", afterOthers);
        process.on("exit", afterOthers);
      });
    },
  });
}

/**
 * When `process.exit` looks up what it calls in the end. A function around it would
 * stand in the stack that `--trace-exit` prints.
 */
function beforeReallyExit(deliver: () => void): void {
  const { reallyExit } = process as unknown as ReallyExit;
  Object.defineProperty(process, "reallyExit", {
    configurable: true,
    enumerable: true,
    get() {
      deliver();
      return reallyExit;
    },
    set(value: unknown) {
      Object.defineProperty(process, "reallyExit", { value, writable: true });
    },
  });
}

interface ReallyExit {
  /** Undocumented, and left open by Node because so many packages replace it. */
  readonly reallyExit: (...args: unknown[]) => void;
}

/** One flush within one deadline; a second call sends what the first could not see yet. */
class LastDelivery {
  readonly #parts: LifecycleParts;
  #deadline: number | undefined = undefined;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /** Never throws: that would be another end than the app's. */
  deliver(): void {
    try {
      this.#deliver();
    } catch (error) {
      this.#parts.diagnostics.error("lifecycle", `the end was not orderly: ${String(error)}`);
    }
  }

  #deliver(): void {
    const { pipelines, timeoutMs, diagnostics } = this.#parts;
    const isFirst = this.#deadline === undefined;
    if (isFirst) this.#parts.onEnd();
    this.#deadline ??= this.#begin();
    const asked = isFirst ? pipelines : pipelines.filter(({ isState }) => isState !== true);
    const requests = asked.flatMap((pipeline) => this.#pendingOf(pipeline));
    const left = Math.max(0, Math.round(this.#deadline - performance.now()));
    if (requests.length === 0) return;
    const { deliverAtExit } = loadDelivery();
    deliverAtExit(requests, isFirst ? timeoutMs : left, diagnostics);
  }

  #begin(): number {
    // Where the loop turns once more it was no end: an app may emit `exit` by itself.
    setImmediate(() => {
      this.#deadline = undefined;
    }).unref();
    return performance.now() + this.#parts.timeoutMs;
  }

  #pendingOf(pipeline: Pipeline): PendingRequest[] {
    try {
      return pipeline.pending();
    } catch (error) {
      const { diagnostics } = this.#parts;
      diagnostics.error("lifecycle", `what was queued could not be sent: ${String(error)}`);
      return [];
    }
  }
}
