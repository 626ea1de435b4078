/** A timer that fires later than this was kept waiting by the app's own work. */
const LATE_MS = 100;

/** What a peer gets at most for the time that a blocked event loop took from it. */
const LONGEST_EXTENSION_MS = 1000;

/**
 * A deadline for a peer's answer that judges the peer, not our own event loop.
 * After a loop was blocked for longer than the limit, timers run before sockets are
 * read: the answer may be there already. So one turn of the loop passes before the
 * judgement; and where the timer was late, the peer gets that time once more, at
 * most a second, since the request may not even have left.
 */
export class TimeLimit {
  readonly #whenOver: () => void;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #extended = false;

  /** @param whenOver called once, unless the limit was lifted. Its timer holds no process. */
  constructor(ms: number, whenOver: () => void) {
    this.#whenOver = whenOver;
    this.#start(ms);
  }

  /** The answer is there. */
  lift(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  #start(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const lateMs = performance.now() - due;
      // Not unref'd: an idle loop would sleep over it, and it holds the process for a turn at most.
      this.#turn = setImmediate(() => this.#judge(lateMs));
    }, ms).unref();
  }

  #judge(lateMs: number): void {
    if (lateMs < LATE_MS || this.#extended) {
      this.#whenOver();
      return;
    }
    this.#extended = true;
    this.#start(Math.min(lateMs, LONGEST_EXTENSION_MS));
  }
}
