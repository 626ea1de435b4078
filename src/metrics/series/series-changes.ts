/**
 * The counters and histograms that were recorded since they were last taken. Nothing is
 * kept unless this process sends its metrics to another one.
 */
export class SeriesChanges {
  /** Read on the hot path before `add` is called. */
  isWatched = false;
  #changed = new Set<object>();
  #onFirst: () => void = () => {};

  get size(): number {
    return this.#changed.size;
  }

  /** @param onFirst is called with the first change after a `take`. It must not throw. */
  watch(onFirst: () => void): void {
    this.#onFirst = onFirst;
    this.isWatched = true;
  }

  /** Forgets all changes, and collects no further ones. */
  unwatch(): void {
    this.isWatched = false;
    this.#changed = new Set();
  }

  add(series: object): void {
    if (this.#changed.size === 0) this.#onFirst();
    this.#changed.add(series);
  }

  has(series: object): boolean {
    return this.#changed.has(series);
  }

  take(): Set<object> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }
}
