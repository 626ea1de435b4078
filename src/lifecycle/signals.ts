import { AsyncLocalStorage } from "node:async_hooks";
import { constants } from "node:os";
import type { ProcessListenerWatch } from "./process-listeners.ts";

/** The parts of `process` that are used here. Tests have a stand-in. */
export interface SignalProcess extends NodeJS.EventEmitter {
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals): true;
}

export interface SignalDeps {
  readonly process: SignalProcess;
  readonly signals: readonly NodeJS.Signals[];
  readonly listeners: ProcessListenerWatch;
  /** Called for a signal that the app handles. */
  readonly onSignal: (signal: NodeJS.Signals) => void;
  /** Called just before the process is killed by a signal without a listener of the app. */
  readonly beforeKill: () => void;
}

export interface SignalListeners {
  /**
   * Sets whether `beforeKill` is needed. If it is not, and the app has no listener,
   * telltale has none either: the signal has its default action, even while the process
   * is blocked by synchronous work.
   */
  setNeeded(needed: boolean): void;
}

/** Listens to termination signals without changing their effect. */
export function watchSignals(deps: SignalDeps): SignalListeners {
  const listeners = deps.signals.map((signal) => new SignalListener(signal, deps));
  const selfKillHook = new SelfKillHook(deps.process, listeners);
  return {
    setNeeded(needed) {
      if (needed) selfKillHook.install();
      for (const listener of listeners) listener.setNeeded(needed);
    },
  };
}

/**
 * The listener for one signal, attached while it is needed or the app has a listener.
 * It detaches before the app's listeners run and re-attaches afterwards, because some
 * decide by the number of listeners whether the process should terminate
 * (`signal-exit`, a common dependency, sends the signal again if it is the only one).
 */
class SignalListener {
  readonly signal: NodeJS.Signals;
  readonly #deps: SignalDeps;
  /** Node runs the listeners of a signal in the async context in which the first one was added. */
  readonly #runOutside: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #kill: SignalProcess["kill"];
  #needed = false;
  #isAttached = false;
  /** The app's listeners are running. */
  #isYielding = false;
  /** A listener of the app was removed in this tick: a `once` listener that ran before this one. */
  #appHeardThisTick = false;

  constructor(signal: NodeJS.Signals, deps: SignalDeps) {
    this.signal = signal;
    this.#deps = deps;
    this.#kill = deps.process.kill;
    deps.listeners.watch(signal, {
      beforeAdd: (listener) => this.#beforeAdd(listener),
      afterRemove: (listener) => this.#afterRemove(listener),
    });
  }

  setNeeded(needed: boolean): void {
    this.#needed = needed;
    this.update();
  }

  /** Whether this is the only listener, so that the signal would not terminate the process at once. */
  get blocksDefaultAction(): boolean {
    return this.#isAttached && this.#appListenerCount() === 0;
  }

  /** Flushes, and restores the default action of the signal. */
  flushAndDetach(): void {
    this.#deps.beforeKill();
    this.#detach();
  }

  update(): void {
    const shouldListen = this.#appListenerCount() > 0 ? !this.#isYielding : this.#needed;
    if (shouldListen) this.#attach();
    else this.#detach();
  }

  #appListenerCount(): number {
    return this.#deps.process.listenerCount(this.signal) - (this.#isAttached ? 1 : 0);
  }

  /** Node passes the signal's number. Without it the app has emitted the event itself. */
  readonly #listener = (_name?: unknown, number?: unknown): void => {
    this.#detach();
    if (this.#appListenerCount() > 0 || this.#appHeardThisTick || typeof number !== "number") {
      this.#isYielding = true;
      this.#deps.onSignal(this.signal);
      process.nextTick(this.#reattach);
      return;
    }
    this.#deps.beforeKill();
    const { process: target } = this.#deps;
    this.#kill.call(target, target.pid, this.signal);
  };

  readonly #reattach = (): void => {
    this.#isYielding = false;
    this.update();
  };

  #attach(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    this.#runOutside(() => this.#deps.process.prependListener(this.signal, this.#listener));
  }

  #detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    this.#deps.process.removeListener(this.signal, this.#listener);
  }

  #beforeAdd(listener: unknown): void {
    if (listener !== this.#listener && !this.#isYielding) this.#attach();
  }

  #afterRemove(listener: unknown): void {
    if (listener !== this.#listener) this.#markAppHeard();
    // Removed by the app's `removeAllListeners`, not by `#detach`.
    else if (this.#isAttached) this.#isAttached = false;
    else return;
    if (this.#appListenerCount() === 0) this.update();
  }

  #markAppHeard(): void {
    this.#appHeardThisTick = true;
    process.nextTick(() => {
      this.#appHeardThisTick = false;
    });
  }
}

/**
 * Handles a signal that the process sends to itself, as wrappers do to exit like their
 * child. By default it terminates the process before `process.kill` returns. With a
 * listener the process would continue, and might exit before the listener runs.
 */
class SelfKillHook {
  readonly #process: SignalProcess & Partial<ProcessWithKill>;
  readonly #listeners: readonly SignalListener[];
  #isInstalled = false;

  constructor(process: SignalProcess, listeners: readonly SignalListener[]) {
    this.#process = process;
    this.#listeners = listeners;
  }

  /** Replaces `process._kill`, which the unmodified `process.kill` calls. */
  install(): void {
    if (this.#isInstalled) return;
    this.#isInstalled = true;
    const { _kill: kill } = this.#process;
    if (typeof kill !== "function") return;
    const listenerFor = (pid: unknown, number: unknown): SignalListener | undefined =>
      this.#listenerFor(pid, number);
    Object.assign(this.#process, {
      _kill(this: unknown, ...args: unknown[]): unknown {
        const listener = listenerFor(args[0], args[1]);
        listener?.flushAndDetach();
        const result = Reflect.apply(kill, this, args);
        // The process continues if the system refused the signal.
        listener?.update();
        return result;
      },
    });
  }

  #listenerFor(pid: unknown, number: unknown): SignalListener | undefined {
    const to = Number(pid);
    const { pid: ownPid } = this.#process;
    // 0 is the own process group, and a negative pid the group that the process leads.
    if (to !== ownPid && to !== 0 && to !== -ownPid) return undefined;
    return this.#listeners.find(
      ({ signal, blocksDefaultAction }) =>
        blocksDefaultAction && constants.signals[signal] === number,
    );
  }
}

interface ProcessWithKill {
  /** Undocumented. Node keeps it for packages that replace it, according to a comment at its call. */
  readonly _kill: (...args: unknown[]) => unknown;
}
