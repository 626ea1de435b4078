/** How many ended spans of undecided traces may wait at once, over the whole process. */
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
  /** Those that nobody has asked for so far. */
  count: number;
  /** Too late: they are booked as dropped. */
  isClosed: boolean;
}

/** An error that comes later than this comes in vain, in milliseconds; up to twice as long may do. */
const WINDOW_MS = 5_000;

/**
 * Counts what will be dropped unless an error comes late. It holds no span: a
 * queue of them would let each outlive the young generation, and that took
 * 50 MB and a fifth of a bare Fastify request (measured). A late error reaches
 * its trace through the context it was thrown in.
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

  /** The process ends: whoever hasn't come by now won't. */
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
    // With nothing left to book the next arrival starts the clock again.
    if (this.#previousWindow.count === 0) this.#previousWindow.isClosed = true;
    else this.#timer = setTimeout(() => this.#rotate(), WINDOW_MS).unref();
  }

  #closeWindow(dropWindow: DropWindow): void {
    dropWindow.isClosed = true;
    if (dropWindow.count > 0) this.#drop(dropWindow.count);
    dropWindow.count = 0;
  }
}
