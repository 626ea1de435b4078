/** What happens to the listeners for one event of `process`. */
export interface ListenerHooks {
  /** Before it is added. */
  readonly beforeAdd?: (listener: unknown) => void;
  readonly afterRemove?: (listener: unknown) => void;
}

/**
 * Tells of listeners that come and go on `process`, with one listener of ours for
 * each of the two events, whoever asks.
 */
export class ProcessListenerWatch {
  readonly #hooks = new Map<string | symbol, ListenerHooks>();

  constructor() {
    process.on("newListener", (event: string | symbol, listener: unknown) => {
      this.beforeAdd(event, listener);
    });
    process.on("removeListener", (event: string | symbol, listener: unknown) => {
      this.#hooks.get(event)?.afterRemove?.(listener);
    });
  }

  /** A listener is about to be added. */
  beforeAdd(event: string | symbol, listener: unknown): void {
    this.#hooks.get(event)?.beforeAdd?.(listener);
  }

  watch(event: string, hooks: ListenerHooks): void {
    this.#hooks.set(event, hooks);
  }
}
