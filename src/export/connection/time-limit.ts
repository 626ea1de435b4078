/** A timer that fires later than this was kept waiting by the app's own work. */
const LATE_THRESHOLD_MS = 100;

/** What a peer gets at most for the time that a blocked event loop took from it. */
const MAX_EXTENSION_MS = 1000;

/**
 * A deadline for a peer's answer that judges the peer, not our own event loop.
 * After a loop was blocked for longer than the limit, timers run before sockets are
 * read: the answer may be there already. So one turn of the loop passes before the
 * judgement; and where the timer was late, the peer gets that time once more, at
 * most a second, since the request may not even have left.
 */
export class TimeLimit {
  readonly #onTimeout: () => void;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #extended = false;

  /** @param onTimeout called once, unless the limit was lifted. Its timer holds no process. */
  constructor(ms: number, onTimeout: () => void) {
    this.#onTimeout = onTimeout;
    this.#start(ms);
  }

  /** The answer is there. */
  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #start(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const lateMs = performance.now() - due;
      // Not unref'd: an idle loop would sleep over it, and it holds the process for a turn at most.
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
