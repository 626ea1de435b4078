/**
 * Work that takes its time, started two at a time: whoever asks for one piece
 * starts the next, which somebody will ask for next. Failures come out where
 * their piece is asked for.
 */
export class PrefetchQueue<Name, T> {
  readonly #names: readonly Name[];
  readonly #load: (name: Name) => Promise<T>;
  readonly #started = new Map<Name, Promise<T>>();

  constructor(names: readonly Name[], work: (name: Name) => Promise<T>) {
    this.#names = names;
    this.#load = work;
  }

  get(name: Name): Promise<T> {
    const next = this.#names[this.#names.indexOf(name) + 1];
    const wanted = this.#startLoading(name);
    if (next !== undefined) void this.#startLoading(next);
    return wanted;
  }

  /** Nothing runs any more. */
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
