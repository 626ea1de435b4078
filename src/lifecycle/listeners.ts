/** What happens to the listeners for one event of `process`. */
export interface ListenerWatcher {
  /** Before it is added. */
  readonly adding?: (listener: unknown) => void;
  readonly removed?: (listener: unknown) => void;
}

/**
 * Tells of listeners that come and go on `process`, with one listener of ours for
 * each of the two events, whoever asks.
 */
export class ListenerWatch {
  readonly #watchers = new Map<string | symbol, ListenerWatcher>();

  constructor() {
    process.on("newListener", (event: string | symbol, listener: unknown) => {
      this.adding(event, listener);
    });
    process.on("removeListener", (event: string | symbol, listener: unknown) => {
      this.#watchers.get(event)?.removed?.(listener);
    });
  }

  /** A listener is about to be added. */
  adding(event: string | symbol, listener: unknown): void {
    this.#watchers.get(event)?.adding?.(listener);
  }

  watch(event: string, watcher: ListenerWatcher): void {
    this.#watchers.set(event, watcher);
  }
}
