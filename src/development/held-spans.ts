/** Two generations pass before an item is released: 60 to 120 ms. */
const GENERATION_MS = 60;

/**
 * Holds ended spans for a while, in which the watch of the event loop may add the event
 * of a stall to them: it knows of one, and of the garbage collection in it, two ticks
 * after it. What is encoded can't be changed. Only spans after a stall are held: others
 * are encoded as long as V8 has them in its young generation.
 */
export class HeldSpans<Span> {
  readonly #release: (span: Span) => void;
  #older: Span[] = [];
  #newer: Span[] = [];
  #isWaiting = false;

  constructor(release: (span: Span) => void) {
    this.#release = release;
  }

  get count(): number {
    return this.#older.length + this.#newer.length;
  }

  add(span: Span): void {
    this.#newer.push(span);
    if (!this.#isWaiting) this.#wait();
  }

  /** Releases all at once. */
  releaseAll(): void {
    const all = [...this.#older, ...this.#newer];
    this.#older = [];
    this.#newer = [];
    for (const span of all) this.#release(span);
  }

  #wait(): void {
    this.#isWaiting = true;
    setTimeout(() => this.#turn(), GENERATION_MS).unref();
  }

  #turn(): void {
    const due = this.#older;
    this.#older = this.#newer;
    this.#newer = [];
    this.#isWaiting = this.#older.length > 0;
    if (this.#isWaiting) this.#wait();
    for (const span of due) this.#release(span);
  }
}
