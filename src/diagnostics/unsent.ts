/** How often it is looked whether something is still unsent, in milliseconds. */
const CHECK_MS = 1000;

/**
 * Whether the process has telemetry that its end would lose: queued, in flight,
 * or of a request under way. As long as there is none, nothing of ours needs to
 * happen before the end.
 */
export class Unsent {
  #any = false;
  /** Made outside of any request, so that it keeps none alive; re-armed with `refresh`. */
  readonly #timer: NodeJS.Timeout = setTimeout(() => this.#check(), CHECK_MS).unref();
  #isLeft: () => boolean = () => false;
  #onChange: (any: boolean) => void = () => {};

  /**
   * @param isLeft looks at all that may hold something.
   * @param onChange called when the first thing comes and some time after the last has gone.
   */
  watch(isLeft: () => boolean, onChange: (any: boolean) => void): void {
    this.#isLeft = isLeft;
    this.#onChange = onChange;
    if (this.#any) onChange(true);
  }

  /** Something is there now. For the hot path. */
  note(): void {
    if (!this.#any) this.#begin();
  }

  #begin(): void {
    this.#any = true;
    this.#timer.refresh();
    this.#onChange(true);
  }

  #check(): void {
    if (!this.#any) return;
    if (this.#isLeft()) this.#timer.refresh();
    // Right after the loop has asked the system, which then has nothing for a listener that goes.
    else setImmediate(() => this.#end());
  }

  #end(): void {
    if (this.#isLeft()) {
      this.#timer.refresh();
      return;
    }
    this.#any = false;
    this.#onChange(false);
  }
}
