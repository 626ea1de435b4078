type FormatListener = (formatted: object) => void;

/**
 * The lines that only transports with their own format accept, until the first of
 * these formats has run.
 */
class PendingFormats {
  readonly #listeners = new WeakMap<object, FormatListener>();
  /** Most apps have no such transports, and then no write needs the look-up. */
  #isUsed = false;

  /** Whether any line has ever been added. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** @param listener receives what the first transport's format returns for `info`, if any does. It must not throw. */
  add(info: object, listener: FormatListener): void {
    this.#isUsed = true;
    this.#listeners.set(info, listener);
  }

  has(info: unknown): boolean {
    return this.#isUsed && this.#listeners.has(info as object);
  }

  notify(info: object, formatted: object): void {
    const listener = this.#listeners.get(info);
    this.#listeners.delete(info);
    listener?.(formatted);
  }
}

export const pendingFormats: PendingFormats = new PendingFormats();
