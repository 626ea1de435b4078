import type { Attributes } from "@opentelemetry/api";
import { attributesKey, cleanAttributes, NO_ATTRIBUTES, OVERFLOW } from "./attributes.ts";

/** Series per instrument over the whole life of the process, the overflow series included. */
export const SERIES_LIMIT = 2000;

/** Orders of keys, beside the sorted one, that are remembered per instrument. */
const PATH_LIMIT = 4 * SERIES_LIMIT;

/**
 * The series of one instrument by their attributes.
 *
 * The look-up walks a tree: one step per attribute, in the order in which the
 * caller's object has them, by key and then by value. That makes no string and
 * sorts nothing; the two cost upstream most of its 1.6 us. Only a path that was
 * never walked is brought to its canonical form, and remembered.
 */
export class SeriesTable<Series> {
  readonly #create: (attributes: Attributes) => Series;
  readonly #root = new Step<Series>();
  readonly #series = new Map<string, Series>();
  #overflow: Series | undefined = undefined;
  #paths = 0;

  constructor(create: (attributes: Attributes) => Series) {
    this.#create = create;
  }

  /**
   * The series of these attributes; a new one while there is room, else the
   * overflow series.
   *
   * @throws what a getter of `attributes` throws.
   */
  at(attributes: Attributes | undefined): Series {
    // An app in JavaScript may pass anything; of a text, `Object.keys` gives the positions.
    const given =
      typeof attributes === "object" && attributes !== null ? attributes : NO_ATTRIBUTES;
    // `for in` also shows what is inherited, which is no attribute.
    if (Object.getPrototypeOf(given) !== Object.prototype) return this.#resolve(given);
    return this.#walk(given) ?? this.#remember(given, this.#resolve(given));
  }

  /** All series in the order of their first use, the overflow series last. */
  *[Symbol.iterator](): IterableIterator<Series> {
    yield* this.#series.values();
    if (this.#overflow !== undefined) yield this.#overflow;
  }

  get size(): number {
    return this.#series.size + (this.#overflow === undefined ? 0 : 1);
  }

  isOverflow(series: Series): boolean {
    return series === this.#overflow;
  }

  #walk(attributes: Attributes): Series | undefined {
    let step = this.#root;
    for (const key in attributes) {
      const value: unknown = attributes[key];
      if (value === undefined || value === null) continue;
      const next = step.next(key, value);
      if (next === undefined) return undefined;
      step = next;
    }
    return step.series;
  }

  #resolve(attributes: Attributes): Series {
    const clean = cleanAttributes(attributes);
    const key = attributesKey(clean);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= SERIES_LIMIT - 1) return this.#overflowing();
      series = this.#create(clean);
      this.#series.set(key, series);
    }
    return series;
  }

  #overflowing(): Series {
    this.#overflow ??= this.#create(OVERFLOW);
    return this.#overflow;
  }

  /** An array or an object is never a step: it may change under us, so it goes the long way each time. */
  #remember(attributes: Attributes, series: Series): Series {
    if (this.#paths >= PATH_LIMIT || series === this.#overflow) return series;
    const path: [string, unknown][] = [];
    for (const key in attributes) {
      const value: unknown = attributes[key];
      if (value === undefined || value === null) continue;
      if (typeof value === "object" || typeof value === "function") return series;
      if (!Object.hasOwn(attributes, key)) return series;
      path.push([key, value]);
    }
    let step = this.#root;
    for (const [key, value] of path) step = step.make(key, value);
    step.series = series;
    this.#paths += 1;
    return series;
  }
}

/**
 * What follows after a number of attributes. Nearly always the same key follows,
 * so the first one seen has its values at hand and others go through one more map.
 */
class Step<Series> {
  series: Series | undefined = undefined;
  #key: string | undefined = undefined;
  #values: Map<unknown, Step<Series>> | undefined = undefined;
  #others: Map<string, Map<unknown, Step<Series>>> | undefined = undefined;

  next(key: string, value: unknown): Step<Series> | undefined {
    if (key === this.#key) return this.#values?.get(value);
    return this.#others?.get(key)?.get(value);
  }

  make(key: string, value: unknown): Step<Series> {
    const values = this.#valuesOf(key);
    let next = values.get(value);
    if (next === undefined) {
      next = new Step<Series>();
      values.set(value, next);
    }
    return next;
  }

  #valuesOf(key: string): Map<unknown, Step<Series>> {
    if (this.#key === undefined) this.#key = key;
    if (this.#key === key) return (this.#values ??= new Map<unknown, Step<Series>>());
    this.#others ??= new Map<string, Map<unknown, Step<Series>>>();
    let values = this.#others.get(key);
    if (values === undefined) {
      values = new Map<unknown, Step<Series>>();
      this.#others.set(key, values);
    }
    return values;
  }
}
