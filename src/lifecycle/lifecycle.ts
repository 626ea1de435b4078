import { AsyncLocalStorage } from "node:async_hooks";
import { isMainThread } from "node:worker_threads";
import { lazy } from "../lazy.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import { ProcessListenerWatch } from "./process-listeners.ts";
import type { SignalListeners } from "./signals.ts";

const loadSignals = lazy<typeof import("./signals.ts")>("lifecycle/signals.ts");
const loadDelivery = lazy<typeof import("../export/exit/send-at-exit.ts")>(
  "export/exit/send-at-exit.ts",
);

export interface LifecycleDeps {
  readonly pipelines: readonly Pipeline[];
  /** Upper limit of the one flush, in milliseconds. */
  readonly timeoutMs: number;
  readonly diagnostics: Diagnostics;
  /** Those that are listened to where nobody else does. */
  readonly signals: readonly NodeJS.Signals[];
  readonly unsent: UnsentTelemetry;
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
export function installLifecycle(deps: LifecycleDeps): void {
  raiseMaxListeners();
  const exitFlush = new ExitFlush(deps);
  const listeners = new ProcessListenerWatch();
  watchExit(listeners, () => exitFlush.flush());
  // A worker thread hears no signals.
  if (isMainThread && deps.timeoutMs > 0) watchSignals(deps, listeners, () => exitFlush.flush());
}

/** Loaded with the first thing that is unsent, or with the app's first listener. */
function watchSignals(
  deps: LifecycleDeps,
  listeners: ProcessListenerWatch,
  beforeKill: () => void,
): void {
  const { signals, onSignal, unsent, hasUnsent, diagnostics } = deps;
  if (signals.length === 0) return;
  let signalListeners: SignalListeners | undefined;
  const load = (): SignalListeners =>
    (signalListeners ??= loadSignals().watchSignals({
      signals,
      listeners,
      onSignal,
      beforeKill,
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
    const beforeAdd = (listener: unknown): void =>
      guard(() => {
        load();
        listeners.beforeAdd(signal, listener);
      });
    listeners.watch(signal, { beforeAdd });
  }
  unsent.watch(hasUnsent, (any) => guard(() => load().setNeeded(any)));
}

/** Of ours for one event, at most. */
const OWN_LISTENERS = 2;

/** Node warns of many listeners for one event; ours must not be what is too much. */
function raiseMaxListeners(): void {
  const max = process.getMaxListeners();
  // 0: without limit.
  if (max > 0) process.setMaxListeners(max + OWN_LISTENERS);
}

/**
 * Before the app's listeners for `exit`, any of which may end the process on
 * the spot (by `process.exit`, by a throw), and after them for what they made.
 */
function watchExit(listeners: ProcessListenerWatch, flush: () => void): void {
  const flushLast = (): void => flush();
  let isMoving = false;
  process.on("exit", () => {
    flush();
    // A listener may call `process.exit`, and so end the round before ours comes; nor is ours the
    // last where `process.exit` came in the tick of a `process.on`.
    if (process.listenerCount("exit") > 1) beforeReallyExit(flush);
  });
  listeners.watch("exit", {
    beforeAdd(listener) {
      if (listener === flushLast || isMoving) return;
      isMoving = true;
      process.nextTick(() => {
        isMoving = false;
        process.removeListener("exit", flushLast);
        process.on("exit", flushLast);
      });
    },
  });
}

/**
 * When `process.exit` looks up what it calls in the end. A function around it would
 * stand in the stack that `--trace-exit` prints.
 */
function beforeReallyExit(flush: () => void): void {
  const { reallyExit } = process as unknown as ReallyExit;
  Object.defineProperty(process, "reallyExit", {
    configurable: true,
    enumerable: true,
    get() {
      flush();
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
class ExitFlush {
  readonly #deps: LifecycleDeps;
  #deadline: number | undefined = undefined;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /** Never throws: that would be another end than the app's. */
  flush(): void {
    try {
      this.#flushOnce();
    } catch (error) {
      this.#deps.diagnostics.error("lifecycle", `the end was not orderly: ${String(error)}`);
    }
  }

  #flushOnce(): void {
    const { pipelines, timeoutMs, diagnostics } = this.#deps;
    const isFirst = this.#deadline === undefined;
    if (isFirst) this.#deps.onEnd();
    this.#deadline ??= this.#startDeadline();
    const flushed = isFirst ? pipelines : pipelines.filter(({ isSnapshot }) => isSnapshot !== true);
    const requests = flushed.flatMap((pipeline) => this.#drainForExit(pipeline));
    const remainingMs = Math.max(0, Math.round(this.#deadline - performance.now()));
    if (requests.length === 0) return;
    const { sendAtExit } = loadDelivery();
    sendAtExit(requests, isFirst ? timeoutMs : remainingMs, diagnostics);
  }

  #startDeadline(): number {
    // Where the loop turns once more it was no end: an app may emit `exit` by itself.
    setImmediate(() => {
      this.#deadline = undefined;
    }).unref();
    return performance.now() + this.#deps.timeoutMs;
  }

  #drainForExit(pipeline: Pipeline): ExitRequestFactory[] {
    try {
      return pipeline.drainForExit();
    } catch (error) {
      const { diagnostics } = this.#deps;
      diagnostics.error("lifecycle", `what was queued could not be sent: ${String(error)}`);
      return [];
    }
  }
}
