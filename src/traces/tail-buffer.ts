/** The number of ended spans that may be buffered for tail sampling at once, in the whole process. */
export class SpanQuota {
  readonly #capacity: number;
  #used = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  tryReserve(): boolean {
    if (this.#used >= this.#capacity) return false;
    this.#used++;
    return true;
  }

  release(count: number): void {
    this.#used -= count;
  }
}

/** Spans whose root ended within the same few seconds. */
export interface DropWindow {
  /** Buffered spans whose trace has not been kept so far. */
  count: number;
  /** The window is over: its spans are counted as dropped. */
  isClosed: boolean;
}

/** How long after its root a trace can still be kept by an error, in milliseconds: once to twice this. */
const WINDOW_MS = 5_000;

/**
 * Counts the spans to drop unless a late error keeps their trace. It refers to
 * no span: a queue would let each outlive the young generation, which took
 * 50 MB and a fifth of a bare Fastify request (measured). A late error finds its
 * trace in the context in which it was thrown.
 */
export class DropTimer {
  readonly #drop: (count: number) => void;
  #currentWindow: DropWindow = { count: 0, isClosed: false };
  #previousWindow: DropWindow = { count: 0, isClosed: true };
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(drop: (count: number) => void) {
    this.#drop = drop;
  }

  add(count: number): DropWindow {
    this.#currentWindow.count += count;
    if (this.#timer === undefined)
      this.#timer = setTimeout(() => this.#rotate(), WINDOW_MS).unref();
    return this.#currentWindow;
  }

  /** Ends both windows at process exit: counts all buffered spans as dropped. */
  close(): void {
    this.#rotate();
    this.#rotate();
  }

  #rotate(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closeWindow(this.#previousWindow);
    this.#previousWindow = this.#currentWindow;
    this.#currentWindow = { count: 0, isClosed: false };
    // Without spans to count, the timer stops until the next `add`.
    if (this.#previousWindow.count === 0) this.#previousWindow.isClosed = true;
    else this.#timer = setTimeout(() => this.#rotate(), WINDOW_MS).unref();
  }

  #closeWindow(dropWindow: DropWindow): void {
    dropWindow.isClosed = true;
    if (dropWindow.count > 0) this.#drop(dropWindow.count);
    dropWindow.count = 0;
  }
}
