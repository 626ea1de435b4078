/** What a number of the options measures. Values are ratios, seconds, bytes and plain numbers. */
export type Unit = "ratio" | "seconds" | "bytes" | "number";

interface UnitFormat {
  /** What a text of the unit has to be, for messages. */
  readonly expected: string;
  /** The factor of each suffix. */
  readonly factors: Readonly<Record<string, number>>;
}

const formats: Readonly<Record<Unit, UnitFormat>> = {
  ratio: { expected: "a percentage such as 5%", factors: { "%": 0.01 } },
  seconds: {
    expected: "a duration such as 500ms, 2s, 15m, 6h or 14d",
    factors: { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 },
  },
  bytes: {
    expected: "a size such as 512MiB or 2GiB",
    factors: { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  },
  number: { expected: "a number such as 100", factors: { "": 1 } },
};

const QUANTITY = /^(\d{1,12}(?:\.\d{1,9})?)([A-Za-z%]{0,3})$/;

/**
 * Parses a number with its unit. A number of another unit, or without one, is not accepted:
 * whether 5 means 5% or 500% can't be known.
 *
 * @returns undefined if the text is none.
 */
export function parseQuantity(text: string, unit: Unit): number | undefined {
  const [, number = "", suffix = ""] = QUANTITY.exec(text) ?? [];
  const { factors } = formats[unit];
  if (number === "" || !Object.hasOwn(factors, suffix)) return undefined;
  return withoutNoise(Number(number) * (factors[suffix] ?? Number.NaN));
}

/** Describes the texts of a unit, for messages. */
export function expectedQuantity(unit: Unit): string {
  return formats[unit].expected;
}

/** Formats a value as {@link parseQuantity} reads it, with the largest unit that leaves a short number. */
export function formatQuantity(value: number, unit: Unit): string {
  const factors = Object.entries(formats[unit].factors).toSorted(([, a], [, b]) => b - a);
  const fitting = factors.find(([, factor]) => value / factor >= 1) ?? factors.at(-1);
  const [suffix, factor] = fitting ?? ["", 1];
  return `${withoutNoise(value / factor)}${suffix}`;
}

/** Removes the noise of binary fractions: 0.07 * 100 is 7.000000000000001. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(15));
}
