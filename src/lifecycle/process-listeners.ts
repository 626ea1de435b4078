/** Callbacks for changes of the listeners of one event. */
export interface ListenerHooks {
  readonly beforeAdd?: (listener: unknown) => void;
  readonly afterRemove?: (listener: unknown) => void;
}

/**
 * Reports added and removed listeners of `process`, with a single `newListener` and a
 * single `removeListener` listener.
 */
export class ProcessListenerWatch {
  readonly #hooks = new Map<string | symbol, ListenerHooks>();

  /** @param emitter `process`, or a stand-in in tests. */
  constructor(emitter: NodeJS.EventEmitter = process) {
    emitter.on("newListener", (event: string | symbol, listener: unknown) => {
      this.beforeAdd(event, listener);
    });
    emitter.on("removeListener", (event: string | symbol, listener: unknown) => {
      this.#hooks.get(event)?.afterRemove?.(listener);
    });
  }

  beforeAdd(event: string | symbol, listener: unknown): void {
    this.#hooks.get(event)?.beforeAdd?.(listener);
  }

  watch(event: string, hooks: ListenerHooks): void {
    this.#hooks.set(event, hooks);
  }
}
