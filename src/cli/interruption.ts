const INTERRUPT_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Reports Ctrl-C, termination by a supervisor, a closed terminal, and a closed pipe of
 * the output (`| head`). Until `dispose` none of these terminates the process.
 */
export class Interruption {
  /** Resolves with the first interruption. Never rejects. */
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

  /** Restores the default action of the signals. */
  dispose(): void {
    for (const signal of INTERRUPT_SIGNALS) process.removeListener(signal, this.#notify);
  }
}
