import type { Attributes } from "@opentelemetry/api";

/** Strangers can send any number of names; what comes after these is made anew each time. */
const MOST = 200;

/** Attributes that follow from one text, made once: an encoder keeps their bytes. */
export class SharedAttributes {
  readonly #make: (text: string) => Attributes;
  readonly #known = new Map<string, Attributes>();

  constructor(make: (text: string) => Attributes) {
    this.#make = make;
  }

  /** Undefined where there is no text, or no room for another one. */
  of(text: string | undefined): Attributes | undefined {
    if (text === undefined) return undefined;
    const known = this.#known.get(text);
    if (known !== undefined || this.#known.size >= MOST) return known;
    const made = Object.freeze(this.#make(text));
    this.#known.set(text, made);
    return made;
  }
}
