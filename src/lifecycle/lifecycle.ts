import { AsyncLocalStorage } from "node:async_hooks";
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import { isUnloadable, lazy } from "../lazy.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import { ExitFlush, type ExitFlushDeps } from "./exit-flush.ts";
import { ProcessListenerWatch } from "./process-listeners.ts";
import type { SignalListeners } from "./signals.ts";

const loadSignals = lazy<typeof import("./signals.ts")>("lifecycle/signals.ts");
export interface LifecycleDeps extends ExitFlushDeps {
  /** Signals that get a listener while telemetry is unsent. */
  readonly signals: readonly NodeJS.Signals[];
  readonly unsent: UnsentTelemetry;
  /** Whether anything is queued or in flight. */
  readonly hasUnsent: () => boolean;
  /** Called for a signal that the app handles. */
  readonly onSignal: (signal: NodeJS.Signals) => void;
}

/**
 * Flushes at the end of the process without changing that end. The flush runs on the
 * last tick of the main thread, and nothing is delayed before it: there is no
 * `beforeExit` listener, which would run the app's own listeners twice, and no
 * asynchronous work after a signal, during which the app would keep running.
 *
 * - Normal exit, `process.exit` or an uncaught exception: Node emits `exit`.
 * - A signal with a listener of the app: the app decides, and its `exit` is flushed.
 * - A signal without a listener of the app: with unsent telemetry telltale listens,
 *   flushes and kills the process with the same signal. Otherwise it does not listen.
 * - `process.abort`, out of memory or SIGKILL: nothing can be flushed.
 */
export function installLifecycle(deps: LifecycleDeps): void {
  raiseMaxListeners();
  const exitFlush = new ExitFlush(deps);
  const listeners = new ProcessListenerWatch();
  watchExit(listeners, () => exitFlush.flush());
  // Worker threads receive no signals.
  if (isMainThread && deps.timeoutMs > 0) watchSignals(deps, listeners, () => exitFlush.flush());
}

/** Loads the signal listeners with the first unsent telemetry, or with the app's first listener. */
function watchSignals(
  deps: LifecycleDeps,
  listeners: ProcessListenerWatch,
  beforeKill: () => void,
): void {
  const { onSignal, unsent, hasUnsent, diagnostics } = deps;
  // Windows lacks some.
  const signals = deps.signals.filter((signal) => signal in constants.signals);
  if (signals.length === 0) return;
  let signalListeners: SignalListeners | undefined;
  const load = (): SignalListeners =>
    (signalListeners ??= loadSignals().watchSignals({
      process,
      signals,
      listeners,
      onSignal,
      beforeKill,
    }));
  const guard = createGuard(diagnostics);
  for (const signal of signals) {
    const beforeAdd = (listener: unknown): void =>
      guard(() => {
        load();
        listeners.beforeAdd(signal, listener);
      });
    listeners.watch(signal, { beforeAdd });
  }
  // The kernel delivers no signal without a listener to the first process of a container, which
  // therefore goes on: nothing must end its requests.
  const canDieOfSignals = process.pid !== 1;
  let isNeeded = false;
  const update = (): void => guard(() => load().setNeeded(isNeeded), update);
  unsent.watch(hasUnsent, (any) => {
    isNeeded = any && canDieOfSignals;
    update();
  });
}

/** When signal listeners are loaded again if no file descriptor was left. */
const RELOAD_DELAY_MS = 1_000;

type Guard = (work: () => void, retry?: () => void) => void;

/** Runs work outside of the async context of the app's work that causes it. Never throws. */
function createGuard(diagnostics: Diagnostics): Guard {
  const outside = AsyncLocalStorage.snapshot();
  return (work, retry) => {
    try {
      outside(work);
    } catch (error) {
      if (isUnloadable(error) && retry !== undefined)
        outside(() => setTimeout(retry, RELOAD_DELAY_MS).unref());
      diagnostics.error("signals", `signal listeners could not be installed: ${String(error)}`);
    }
  };
}

/** Maximum number of telltale's listeners for one event. */
const OWN_LISTENERS = 2;

/** Node warns of too many listeners for one event. Telltale's must not count. */
function raiseMaxListeners(): void {
  const max = process.getMaxListeners();
  // 0 means no limit.
  if (max > 0) process.setMaxListeners(max + OWN_LISTENERS);
}

/**
 * Flushes before the app's `exit` listeners, any of which may end the process at once
 * (`process.exit`, a throw), and after them, for telemetry that they recorded.
 */
function watchExit(listeners: ProcessListenerWatch, flush: () => void): void {
  const flushLast = (): void => flush();
  let isMoving = false;
  process.on("exit", () => {
    flush();
    // A listener may call `process.exit` and so skip the last one, which also is not the last one
    // if `process.exit` is called in the same tick as a `process.on`.
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
 * Flushes when `process.exit` reads `reallyExit`, which it calls last. A wrapper
 * function would appear in the stack trace of `--trace-exit`.
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
  /** Undocumented. Node keeps it replaceable because many packages replace it. */
  readonly reallyExit: (...args: unknown[]) => void;
}
