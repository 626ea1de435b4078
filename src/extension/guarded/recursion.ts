/** Ends the recursion of a component that causes its own call each time. */
export class Recursion {
  readonly #maxDepth: number;
  #depth = 0;

  /** @param maxDepth how often the component may be called within itself. */
  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** @returns the result; undefined if the component is called too deep within itself. */
  run<Result>(work: () => Result): Result | undefined {
    if (this.#depth > this.#maxDepth) return undefined;
    this.#depth++;
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }
}
