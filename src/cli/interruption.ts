const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ctrl-C, the end that a supervisor asks for, a terminal that is closed, or a
 * reader of our output that has gone away (`| head`). As long as somebody
 * listens here, none of these ends the process by itself.
 */
export class Interruption {
  /** Resolves when it happens; never rejects. */
  readonly comes: Promise<void>;
  #happened = false;
  #tell: () => void = () => {};

  constructor() {
    this.comes = new Promise((resolve) => {
      this.#tell = () => {
        this.#happened = true;
        resolve();
      };
    });
    for (const signal of SIGNALS) process.on(signal, this.#tell);
    process.stdout.on("error", this.#tell);
  }

  get happened(): boolean {
    return this.#happened;
  }

  /** From now on the signals do again what they do in any process. */
  forget(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#tell);
  }
}
