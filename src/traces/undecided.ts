/** How many ended spans of undecided traces may wait at once, over the whole process. */
export class Room {
  readonly #capacity: number;
  #used = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  take(): boolean {
    if (this.#used >= this.#capacity) return false;
    this.#used++;
    return true;
  }

  give(count: number): void {
    this.#used -= count;
  }
}

/** Spans whose root ended within the same few seconds. */
export interface Period {
  /** Those that nobody has asked for so far. */
  count: number;
  /** Too late: they are booked as dropped. */
  over: boolean;
}

/** An error that comes later than this comes in vain, in milliseconds; up to twice as long may do. */
const PERIOD_MS = 5_000;

/**
 * Counts what will be dropped unless an error comes late. It holds no span: a
 * queue of them would let each outlive the young generation, and that took
 * 50 MB and a fifth of a bare Fastify request (measured). A late error reaches
 * its trace through the context it was thrown in.
 */
export class Grace {
  readonly #drop: (count: number) => void;
  #current: Period = { count: 0, over: false };
  #last: Period = { count: 0, over: true };
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(drop: (count: number) => void) {
    this.#drop = drop;
  }

  enter(count: number): Period {
    this.#current.count += count;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#turn(), PERIOD_MS).unref();
    return this.#current;
  }

  /** The process ends: whoever hasn't come by now won't. */
  close(): void {
    this.#turn();
    this.#turn();
  }

  #turn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#end(this.#last);
    this.#last = this.#current;
    this.#current = { count: 0, over: false };
    // With nothing left to book the next arrival starts the clock again.
    if (this.#last.count === 0) this.#last.over = true;
    else this.#timer = setTimeout(() => this.#turn(), PERIOD_MS).unref();
  }

  #end(period: Period): void {
    period.over = true;
    if (period.count > 0) this.#drop(period.count);
    period.count = 0;
  }
}
