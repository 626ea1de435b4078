/**
 * A value that applies while a synchronous function runs, such as the client
 * whose method is running. For libraries that pass no argument from which an
 * inner method could find its caller.
 */
export class CurrentValue<Value> {
  #value: Value;

  constructor(initial: Value) {
    this.#value = initial;
  }

  get(): Value {
    return this.#value;
  }

  /**
   * Runs `work` with another value, and restores the previous one.
   *
   * @throws the error of `work`
   */
  run<Result>(value: Value, work: () => Result): Result {
    const previous = this.#value;
    this.#value = value;
    try {
      return work();
    } finally {
      this.#value = previous;
    }
  }
}
