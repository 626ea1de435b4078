/** Interval of the check for unsent telemetry, in milliseconds. */
const CHECK_MS = 1000;

/**
 * Tracks whether the process has telemetry that its exit would lose: queued, in flight,
 * or of requests in flight. Without any, no action is needed at exit.
 */
export class UnsentTelemetry {
  #isMarked = false;
  /** Created outside of any request, so that it retains none. Restarted with `refresh`. */
  readonly #timer: NodeJS.Timeout = setTimeout(() => this.#check(), CHECK_MS).unref();
  #hasUnsent: () => boolean = () => false;
  #onChange: (any: boolean) => void = () => {};

  /**
   * @param hasUnsent whether any pipeline has unsent telemetry.
   * @param onChange is called with the first unsent item, and some time after the last one was sent.
   */
  watch(hasUnsent: () => boolean, onChange: (any: boolean) => void): void {
    this.#hasUnsent = hasUnsent;
    this.#onChange = onChange;
    if (this.#isMarked) onChange(true);
  }

  /** Records that there is unsent telemetry. For the hot path. */
  mark(): void {
    if (!this.#isMarked) this.#setMarked();
  }

  #setMarked(): void {
    this.#isMarked = true;
    this.#timer.refresh();
    this.#onChange(true);
  }

  #check(): void {
    if (!this.#isMarked) return;
    if (this.#hasUnsent()) this.#timer.refresh();
    // Just after the poll phase, so that no received signal is pending when a listener is removed.
    else setImmediate(() => this.#clearIfSent());
  }

  #clearIfSent(): void {
    if (this.#hasUnsent()) {
      this.#timer.refresh();
      return;
    }
    this.#isMarked = false;
    this.#onChange(false);
  }
}
