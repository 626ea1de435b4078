import type { LoadedFile } from "./adaptor.ts";

/** What an adaptor makes once for all files of a library; a process may have several versions of it. */
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
