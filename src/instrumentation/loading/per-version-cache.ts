import type { LoadedFile } from "./adaptor.ts";

/**
 * Values that an adaptor creates once for all files of a library. A process may
 * load several versions of one library.
 */
export class PerVersionCache<Value> {
  readonly #values = new Map<string, Value>();

  getOrCreate({ package: name, version }: LoadedFile, create: () => Value): Value {
    const key = `${name}@${version}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = create();
    this.#values.set(key, value);
    return value;
  }
}
