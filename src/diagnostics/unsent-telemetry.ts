/** How often it is looked whether something is still unsent, in milliseconds. */
const CHECK_MS = 1000;

/**
 * Whether the process has telemetry that its end would lose: queued, in flight,
 * or of a request under way. As long as there is none, nothing of ours needs to
 * happen before the end.
 */
export class UnsentTelemetry {
  #isMarked = false;
  /** Made outside of any request, so that it keeps none alive; re-armed with `refresh`. */
  readonly #timer: NodeJS.Timeout = setTimeout(() => this.#check(), CHECK_MS).unref();
  #hasUnsent: () => boolean = () => false;
  #onChange: (any: boolean) => void = () => {};

  /**
   * @param hasUnsent looks at all that may hold something.
   * @param onChange called when the first thing comes and some time after the last has gone.
   */
  watch(hasUnsent: () => boolean, onChange: (any: boolean) => void): void {
    this.#hasUnsent = hasUnsent;
    this.#onChange = onChange;
    if (this.#isMarked) onChange(true);
  }

  /** Something is there now. For the hot path. */
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
    // Right after the loop has asked the system, which then has nothing for a listener that goes.
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
