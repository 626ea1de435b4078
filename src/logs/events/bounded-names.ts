/** An app has some dozens of names. Names with ids are a mistake, and are counted together. */
const MAX_NAMES = 200;
const OVERFLOW_NAME = "other";

const MAX_LENGTH = 100;

/** Limits the number of names that become attributes of a metric, over the life of the process. */
export class BoundedNames {
  readonly #names = new Set<string>();

  /** Returns the name, truncated, or `other` once there are too many. */
  bound(name: string): string {
    const short = name.slice(0, MAX_LENGTH);
    if (this.#names.has(short)) return short;
    if (this.#names.size >= MAX_NAMES) return OVERFLOW_NAME;
    this.#names.add(short);
    return short;
  }
}
