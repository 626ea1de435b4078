/** A timer that fires later than this was delayed by the app's own work. */
const LATE_THRESHOLD_MS = 100;

/** Maximum extension of a limit after a blocked event loop. */
const MAX_EXTENSION_MS = 1000;

/**
 * A time limit for a response, or for work of the app, that ignores delays of the event
 * loop. After the loop was blocked for longer than the limit, timers run before sockets
 * are read: the response may have arrived already. So the limit expires one turn of the
 * loop later.
 * If the timer was late, the limit is extended once by that delay, at most by a
 * second, since the request may not even have been written.
 */
export class TimeLimit {
  readonly #onTimeout: () => void;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #extended = false;

  /** @param onTimeout called once, unless the limit is cleared before. The timer is unref'd. */
  constructor(ms: number, onTimeout: () => void) {
    this.#onTimeout = onTimeout;
    this.#start(ms);
  }

  /** Lifts the limit: the response has arrived. */
  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #start(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const lateMs = performance.now() - due;
      // Not unref'd: an idle loop would not run it, and it keeps the process alive for one turn at most.
      this.#immediate = setImmediate(() => this.#expireOrExtend(lateMs));
    }, ms).unref();
  }

  #expireOrExtend(lateMs: number): void {
    if (lateMs < LATE_THRESHOLD_MS || this.#extended) {
      this.#onTimeout();
      return;
    }
    this.#extended = true;
    this.#start(Math.min(lateMs, MAX_EXTENSION_MS));
  }
}
