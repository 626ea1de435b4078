/**
 * Slow results, loaded two at a time: `get` also starts loading the next one. Errors
 * are thrown by the `get` of their result.
 */
export class PrefetchQueue<Name, T> {
  readonly #names: readonly Name[];
  readonly #load: (name: Name) => Promise<T>;
  readonly #started = new Map<Name, Promise<T>>();

  constructor(names: readonly Name[], load: (name: Name) => Promise<T>) {
    this.#names = names;
    this.#load = load;
  }

  get(name: Name): Promise<T> {
    const next = this.#names[this.#names.indexOf(name) + 1];
    const result = this.#startLoading(name);
    if (next !== undefined) void this.#startLoading(next);
    return result;
  }

  /** Waits until nothing is loading. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#started.values());
  }

  #startLoading(name: Name): Promise<T> {
    const known = this.#started.get(name);
    if (known !== undefined) return known;
    const started = this.#load(name);
    started.catch(() => {});
    this.#started.set(name, started);
    return started;
  }
}
