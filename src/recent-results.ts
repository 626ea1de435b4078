/**
 * Remembers the results of recent texts. There are two generations: results that are
 * read again outlive a flood of texts that are seen once.
 */
export class RecentResults<Result> {
  readonly #capacity: number;
  #recent = new Map<string, Result>();
  #older = new Map<string, Result>();

  /** @param capacity of each generation. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(text: string): Result | undefined {
    const recent = this.#recent.get(text);
    if (recent !== undefined) return recent;
    const older = this.#older.get(text);
    if (older !== undefined) this.set(text, older);
    return older;
  }

  set(text: string, result: Result): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, result);
  }
}
