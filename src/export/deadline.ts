/**
 * A time limit that work can be raced against. Its timer keeps the process alive,
 * since a caller awaits it: a top-level `await` that nothing keeps alive ends the
 * process with exit code 13.
 */
export class Deadline {
  readonly #expiry = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  #isExpired = false;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, ms));
  }

  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** Resolves when `work` does, or when the time is over. `work` must not reject. */
  async race(work: Promise<void>): Promise<void> {
    await Promise.race([this.#expiry.promise, work]);
    clearTimeout(this.#timer);
    this.#expire();
  }

  #expire(): void {
    this.#isExpired = true;
    this.#expiry.resolve();
  }
}
