export interface SignalWatcher {
  /** The process was told to end; the app may do as it likes. */
  readonly onSignal: () => void;
  /** Nobody but us listens: the process dies right after this. */
  readonly onDeath: () => void;
}

/** Those that ask a process to end; Node's answer to both is to die of them. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Sees the signals that ask for the end, without a change in what comes of them. */
export function watchSignals(watcher: SignalWatcher): void {
  for (const signal of SIGNALS) new Watch(signal, watcher).begin();
}

/**
 * One listener that no listener of the app's finds beside itself, because some
 * decide by that whether the process is to die (`signal-exit`, which many
 * packages bring along, sends the signal again if it is alone). So ours goes
 * before the others run and comes back when they have, or when the last of them
 * has gone: a signal that is sent then is still seen.
 */
class Watch {
  readonly #signal: NodeJS.Signals;
  readonly #watcher: SignalWatcher;
  #listens = false;
  /** A listener of the app's went in this tick: a `once` in front of us, which has just heard. */
  #othersHeard = false;

  constructor(signal: NodeJS.Signals, watcher: SignalWatcher) {
    this.#signal = signal;
    this.#watcher = watcher;
  }

  begin(): void {
    process.on("removeListener", this.#onRemoved);
    this.#come();
  }

  readonly #listener = (): void => {
    this.#watcher.onSignal();
    this.#go();
    if (process.listenerCount(this.#signal) > 0 || this.#othersHeard) {
      process.nextTick(this.#come);
      return;
    }
    this.#watcher.onDeath();
    process.kill(process.pid, this.#signal);
  };

  readonly #come = (): void => {
    if (this.#listens) return;
    this.#listens = true;
    process.on(this.#signal, this.#listener);
  };

  #go(): void {
    this.#listens = false;
    process.removeListener(this.#signal, this.#listener);
  }

  readonly #onRemoved = (event: string | symbol, removed: unknown): void => {
    if (event !== this.#signal) return;
    if (removed !== this.#listener) this.#noteOthers();
    // `removeAllListeners` of the app's.
    else if (this.#listens) this.#listens = false;
    // By our own hand.
    else return;
    if (process.listenerCount(this.#signal) === 0) this.#come();
  };

  #noteOthers(): void {
    this.#othersHeard = true;
    process.nextTick(() => {
      this.#othersHeard = false;
    });
  }
}
