import type { ChildProcess } from "node:child_process";

/** Signals that a terminal sends to all processes in its foreground. */
const TERMINAL_SIGNALS = ["SIGINT", "SIGQUIT", "SIGHUP"] as const;
const SIGNALS = [...TERMINAL_SIGNALS, "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/**
 * The signals of this process, which are for its command: from the start on, so that none
 * ends this process before it has removed its state.
 */
export class ForwardedSignals {
  #child: ChildProcess | undefined;
  #first: NodeJS.Signals | undefined;

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** The first signal that was received before there was a command. */
  get first(): NodeJS.Signals | undefined {
    return this.#first;
  }

  forwardTo(child: ChildProcess): void {
    this.#child = child;
  }

  /** Restores the default action of the signals. */
  dispose(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#child === undefined) {
      this.#first ??= signal;
      return;
    }
    // The command has it already: a second SIGINT makes many programs end at once.
    const isReceivedByBoth =
      process.stdin.isTTY && TERMINAL_SIGNALS.some((terminal) => terminal === signal);
    if (!isReceivedByBoth) this.#child.kill(signal);
  };
}
