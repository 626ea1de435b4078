import { AsyncLocalStorage } from "node:async_hooks";
import { constants } from "node:os";
import type { ProcessListenerWatch } from "./process-listeners.ts";

export interface SignalDeps {
  readonly signals: readonly NodeJS.Signals[];
  readonly listeners: ProcessListenerWatch;
  /** The process was told to end; the app may do as it likes. */
  readonly onSignal: () => void;
  /** Nobody but us listens: the process dies right after this. */
  readonly beforeKill: () => void;
}

export interface SignalListeners {
  /**
   * Whether what `beforeKill` does is needed. Where it is not, and the app has no
   * listener, nothing of ours listens: Node and the system treat the signal as
   * they would without us, even while the process computes or waits synchronously.
   */
  setNeeded(needed: boolean): void;
}

/** Sees the signals that ask for the end, without a change in what comes of them. */
export function watchSignals(deps: SignalDeps): SignalListeners {
  const listeners = deps.signals.map((signal) => new SignalListener(signal, deps));
  const selfKillHook = new SelfKillHook(listeners);
  return {
    setNeeded(needed) {
      if (needed) selfKillHook.install();
      for (const listener of listeners) listener.setNeeded(needed);
    },
  };
}

/**
 * One listener, there while it is needed or the app listens too. No listener of
 * the app's finds it beside itself, because some decide by that whether the
 * process is to die (`signal-exit`, which many packages bring along, sends the
 * signal again if it is alone). So ours goes before the others run and comes back
 * when they have.
 */
class SignalListener {
  readonly signal: NodeJS.Signals;
  readonly #deps: SignalDeps;
  /** Node runs the listeners of a signal in the context in which the first was added. */
  readonly #runOutside: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #kill = process.kill;
  #needed = false;
  #isAttached = false;
  /** The app's listeners are running. */
  #isYielding = false;
  /** A listener of the app's went in this tick: a `once` in front of us, which has just heard. */
  #appHeardThisTick = false;

  constructor(signal: NodeJS.Signals, deps: SignalDeps) {
    this.signal = signal;
    this.#deps = deps;
    deps.listeners.watch(signal, {
      beforeAdd: (listener) => this.#beforeAdd(listener),
      afterRemove: (listener) => this.#afterRemove(listener),
    });
  }

  setNeeded(needed: boolean): void {
    this.#needed = needed;
    this.update();
  }

  /** The signal would be noted by us alone, and so kill nobody until the loop turns. */
  get blocksDefaultAction(): boolean {
    return this.#isAttached && this.#appListenerCount() === 0;
  }

  /** What the signal does where only we listen: the system's default is back after it. */
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
    return process.listenerCount(this.signal) - (this.#isAttached ? 1 : 0);
  }

  /** Node gives the number; who emits it by hand wants no more than what listens to run. */
  readonly #listener = (_name?: unknown, number?: unknown): void => {
    this.#detach();
    if (this.#appListenerCount() > 0 || this.#appHeardThisTick || typeof number !== "number") {
      this.#isYielding = true;
      this.#deps.onSignal();
      process.nextTick(this.#reattach);
      return;
    }
    this.#deps.beforeKill();
    this.#kill.call(process, process.pid, this.signal);
  };

  readonly #reattach = (): void => {
    this.#isYielding = false;
    this.update();
  };

  #attach(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    this.#runOutside(() => process.prependListener(this.signal, this.#listener));
  }

  #detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    process.removeListener(this.signal, this.#listener);
  }

  #beforeAdd(listener: unknown): void {
    if (listener !== this.#listener && !this.#isYielding) this.#attach();
  }

  #afterRemove(listener: unknown): void {
    if (listener !== this.#listener) this.#markAppHeard();
    // `removeAllListeners` of the app's; else by our own hand.
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
 * Where a process sends itself a signal, as wrappers do to end as their child did,
 * it is dead before `process.kill` returns. With a listener it would go on, and
 * might end by itself before the signal is heard.
 */
class SelfKillHook {
  readonly #listeners: readonly SignalListener[];
  #isInstalled = false;

  constructor(listeners: readonly SignalListener[]) {
    this.#listeners = listeners;
  }

  /** Behind `process.kill`, which stays as it is; it looks it up each time. */
  install(): void {
    if (this.#isInstalled) return;
    this.#isInstalled = true;
    const { _kill: kill } = process as unknown as Partial<ProcessWithKill>;
    if (typeof kill !== "function") return;
    const listenerFor = (pid: unknown, number: unknown): SignalListener | undefined =>
      this.#listenerFor(pid, number);
    Object.assign(process, {
      _kill(this: unknown, ...args: unknown[]): unknown {
        const listener = listenerFor(args[0], args[1]);
        listener?.flushAndDetach();
        const result = Reflect.apply(kill, this, args);
        // It lives on where the system refused.
        listener?.update();
        return result;
      },
    });
  }

  #listenerFor(pid: unknown, number: unknown): SignalListener | undefined {
    const to = Number(pid);
    // 0: the process group, which we are in; we may be its leader.
    if (to !== process.pid && to !== 0 && to !== -process.pid) return undefined;
    return this.#listeners.find(
      ({ signal, blocksDefaultAction }) =>
        blocksDefaultAction && constants.signals[signal] === number,
    );
  }
}

interface ProcessWithKill {
  /** Undocumented; Node's comment beside its call says that it has to stay for those who replace it. */
  readonly _kill: (...args: unknown[]) => unknown;
}
