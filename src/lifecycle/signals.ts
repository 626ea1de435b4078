import { AsyncLocalStorage } from "node:async_hooks";
import { constants } from "node:os";
import type { ListenerWatch } from "./listeners.ts";

export interface SignalWatcher {
  readonly signals: readonly NodeJS.Signals[];
  readonly listeners: ListenerWatch;
  /** The process was told to end; the app may do as it likes. */
  readonly onSignal: () => void;
  /** Nobody but us listens: the process dies right after this. */
  readonly onDeath: () => void;
}

export interface SignalWatch {
  /**
   * Whether what `onDeath` does is needed. Where it is not, and the app has no
   * listener, nothing of ours listens: Node and the system treat the signal as
   * they would without us, even while the process computes or waits synchronously.
   */
  setNeeded(needed: boolean): void;
}

/** Sees the signals that ask for the end, without a change in what comes of them. */
export function watchSignals(watcher: SignalWatcher): SignalWatch {
  const watches = watcher.signals.map((signal) => new Watch(signal, watcher));
  const kills = new OwnKills(watches);
  return {
    setNeeded(needed) {
      if (needed) kills.watch();
      for (const watch of watches) watch.setNeeded(needed);
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
class Watch {
  readonly signal: NodeJS.Signals;
  readonly #watcher: SignalWatcher;
  /** Node runs the listeners of a signal in the context in which the first was added. */
  readonly #outside: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #kill = process.kill;
  #needed = false;
  #listens = false;
  /** The app's listeners are running. */
  #isAway = false;
  /** A listener of the app's went in this tick: a `once` in front of us, which has just heard. */
  #othersHeard = false;

  constructor(signal: NodeJS.Signals, watcher: SignalWatcher) {
    this.signal = signal;
    this.#watcher = watcher;
    watcher.listeners.watch(signal, {
      adding: (listener) => this.#adding(listener),
      removed: (listener) => this.#removed(listener),
    });
  }

  setNeeded(needed: boolean): void {
    this.#needed = needed;
    this.update();
  }

  /** The signal would be noted by us alone, and so kill nobody until the loop turns. */
  get standsInTheWay(): boolean {
    return this.#listens && this.#others() === 0;
  }

  /** What the signal does where only we listen: the system's default is back after it. */
  giveWay(): void {
    this.#watcher.onDeath();
    this.#go();
  }

  update(): void {
    const isWanted = this.#others() > 0 ? !this.#isAway : this.#needed;
    if (isWanted) this.#come();
    else this.#go();
  }

  #others(): number {
    return process.listenerCount(this.signal) - (this.#listens ? 1 : 0);
  }

  /** Node gives the number; who emits it by hand wants no more than what listens to run. */
  readonly #listener = (_name?: unknown, number?: unknown): void => {
    this.#go();
    if (this.#others() > 0 || this.#othersHeard || typeof number !== "number") {
      this.#isAway = true;
      this.#watcher.onSignal();
      process.nextTick(this.#comeBack);
      return;
    }
    this.#watcher.onDeath();
    this.#kill.call(process, process.pid, this.signal);
  };

  readonly #comeBack = (): void => {
    this.#isAway = false;
    this.update();
  };

  #come(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#outside(() => process.prependListener(this.signal, this.#listener));
  }

  #go(): void {
    if (!this.#listens) return;
    this.#listens = false;
    process.removeListener(this.signal, this.#listener);
  }

  #adding(listener: unknown): void {
    if (listener !== this.#listener && !this.#isAway) this.#come();
  }

  #removed(listener: unknown): void {
    if (listener !== this.#listener) this.#noteOthers();
    // `removeAllListeners` of the app's; else by our own hand.
    else if (this.#listens) this.#listens = false;
    else return;
    if (this.#others() === 0) this.update();
  }

  #noteOthers(): void {
    this.#othersHeard = true;
    process.nextTick(() => {
      this.#othersHeard = false;
    });
  }
}

/**
 * Where a process sends itself a signal, as wrappers do to end as their child did,
 * it is dead before `process.kill` returns. With a listener it would go on, and
 * might end by itself before the signal is heard.
 */
class OwnKills {
  readonly #watches: readonly Watch[];
  #watching = false;

  constructor(watches: readonly Watch[]) {
    this.#watches = watches;
  }

  /** Behind `process.kill`, which stays as it is; it looks it up each time. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { _kill: kill } = process as unknown as Partial<RawKill>;
    if (typeof kill !== "function") return;
    const before = (pid: unknown, number: unknown): Watch | undefined => this.#watchOf(pid, number);
    Object.assign(process, {
      _kill(this: unknown, ...args: unknown[]): unknown {
        const watch = before(args[0], args[1]);
        watch?.giveWay();
        const result = Reflect.apply(kill, this, args);
        // It lives on where the system refused.
        watch?.update();
        return result;
      },
    });
  }

  #watchOf(pid: unknown, number: unknown): Watch | undefined {
    const to = Number(pid);
    // 0: the process group, which we are in; we may be its leader.
    if (to !== process.pid && to !== 0 && to !== -process.pid) return undefined;
    return this.#watches.find(
      ({ signal, standsInTheWay }) => standsInTheWay && constants.signals[signal] === number,
    );
  }
}

interface RawKill {
  /** Undocumented; Node's comment beside its call says that it has to stay for those who replace it. */
  readonly _kill: (...args: unknown[]) => unknown;
}
