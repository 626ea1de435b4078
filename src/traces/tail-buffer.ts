/** Why spans are dropped: their trace was not kept in time, or the buffer was full until then. */
export type TailDropReason = "unsampled" | "buffer_full";

/** A trace with buffered spans. */
export interface TailBufferMember {
  /** Whether its drop window is over. */
  readonly isOverdue: boolean;
  /** Drops the buffered spans without counting them as dropped, and returns their number. */
  dropBuffered(): number;
}

/** Spans whose root ended within the same few seconds. */
export interface DropWindow {
  /** Spans whose trace has not been kept so far, the roots included. */
  count: number;
  /** The window is over: its spans are counted as dropped. */
  isClosed: boolean;
}

/** How long after its root a trace is buffered for an error that comes late, in milliseconds: once to twice this. */
const WINDOW_MS = 5_000;

/**
 * Bounds the ended spans of traces that are neither sampled nor kept so far, in number and
 * in time: when it is full, it drops those of the oldest trace, also of one whose root
 * never ends, and after the drop window those that nothing has kept.
 *
 * A trace with nothing but its root is only counted. A queue of them would let each
 * outlive the young generation, which took 50 MB and a fifth of a bare Fastify request
 * (measured), and a late error finds the root in its context anyway.
 */
export class TailBuffer {
  readonly #capacity: number;
  readonly #onDropped: (reason: TailDropReason, count: number) => void;
  /** Traces with buffered spans, the oldest first. */
  readonly #traces = new Set<TailBufferMember>();
  #used = 0;
  #currentWindow: DropWindow = { count: 0, isClosed: false };
  #previousWindow: DropWindow = { count: 0, isClosed: true };
  #timer: NodeJS.Timeout | undefined = undefined;

  /** @param capacity the number of spans, in the whole process, roots not included. */
  constructor(capacity: number, onDropped: (reason: TailDropReason, count: number) => void) {
    this.#capacity = capacity;
    this.#onDropped = onDropped;
  }

  get used(): number {
    return this.#used;
  }

  /** Reserves space for one span. */
  reserve(trace: TailBufferMember): void {
    if (this.#used >= this.#capacity) this.#dropOldest();
    this.#used++;
    this.#traces.add(trace);
  }

  /** Frees the space of all spans of a trace. */
  release(trace: TailBufferMember, count: number): void {
    this.#used -= count;
    this.#traces.delete(trace);
  }

  /** Counts dropped spans. */
  drop(reason: TailDropReason, count: number): void {
    if (count > 0) this.#onDropped(reason, count);
  }

  /** Starts the wait for an error after the end of a root, with so many spans. */
  startDropWindow(count: number): DropWindow {
    this.#currentWindow.count += count;
    if (this.#timer === undefined)
      this.#timer = setTimeout(() => this.#rotate(), WINDOW_MS).unref();
    return this.#currentWindow;
  }

  /** Counts all buffered spans as dropped, at process exit. */
  close(): void {
    this.#rotate();
    this.#rotate();
    for (const trace of this.#traces) this.drop("unsampled", this.#dropBuffered(trace));
  }

  #rotate(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closeWindow(this.#previousWindow);
    this.#previousWindow = this.#currentWindow;
    this.#currentWindow = { count: 0, isClosed: false };
    // Without spans to count, the timer stops until the next root ends.
    if (this.#previousWindow.count === 0) this.#previousWindow.isClosed = true;
    else this.#timer = setTimeout(() => this.#rotate(), WINDOW_MS).unref();
  }

  #closeWindow(dropWindow: DropWindow): void {
    const { count } = dropWindow;
    dropWindow.isClosed = true;
    for (const trace of this.#traces) if (trace.isOverdue) this.#dropBuffered(trace);
    dropWindow.count = 0;
    this.drop("unsampled", count);
  }

  #dropOldest(): void {
    for (const trace of this.#traces) {
      this.drop("buffer_full", this.#dropBuffered(trace));
      return;
    }
  }

  #dropBuffered(trace: TailBufferMember): number {
    const count = trace.dropBuffered();
    this.release(trace, count);
    return count;
  }
}
