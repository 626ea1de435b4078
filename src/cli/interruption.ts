const INTERRUPT_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ctrl-C, the end that a supervisor asks for, a terminal that is closed, or a
 * reader of our output that has gone away (`| head`). As long as somebody
 * listens here, none of these ends the process by itself.
 */
export class Interruption {
  /** Resolves when it happens; never rejects. */
  readonly occurred: Promise<void>;
  #hasOccurred = false;
  #notify: () => void = () => {};

  constructor() {
    this.occurred = new Promise((resolve) => {
      this.#notify = () => {
        this.#hasOccurred = true;
        resolve();
      };
    });
    for (const signal of INTERRUPT_SIGNALS) process.on(signal, this.#notify);
    process.stdout.on("error", this.#notify);
  }

  get hasOccurred(): boolean {
    return this.#hasOccurred;
  }

  /** From now on the signals do again what they do in any process. */
  dispose(): void {
    for (const signal of INTERRUPT_SIGNALS) process.removeListener(signal, this.#notify);
  }
}
