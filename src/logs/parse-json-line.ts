/** The fields of a line of JSON. */
export type JsonLine = Readonly<Record<string, unknown>>;

/**
 * Parses a line of JSON; undefined if the text is not a JSON object. Numbers retain
 * their digits: an integer of 64 bits becomes a bigint, and a number that JavaScript
 * can't represent (`1e400`, 40 digits) stays a text.
 */
export function parseJsonLine(text: string): JsonLine | undefined {
  if (text.charCodeAt(0) !== BRACE) return undefined;
  try {
    const line = JSON.parse(text) as JsonLine;
    if (!isInexact(line) && !MAY_BE_SHORTENED.test(text)) return line;
    return JSON.parse(text, reviveExactNumber as Reviver) as JsonLine;
  } catch {
    return undefined;
  }
}

const BRACE = 0x7b;
/** A number that `JSON.parse` may turn into a short one: 0.1, 0. */
const MAY_BE_SHORTENED = /\.\d{16}|[eE]-\d{3}/;

/** Whether any number in a parsed value may have lost digits. */
function isInexact(value: unknown): boolean {
  if (typeof value === "number") return isInexactNumber(value);
  if (typeof value !== "object" || value === null) return false;
  for (const key in value) if (isInexact((value as JsonLine)[key])) return true;
  return false;
}

/** The digits that a double always represents exactly. */
const SAFE_DIGITS = 15;

function isInexactNumber(value: number): boolean {
  if (Number.isSafeInteger(value) || Number.isSafeInteger(value * 1e6)) return false;
  return !(Math.abs(value) < 1e15) || String(value).length > SAFE_DIGITS;
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

/** The reviver receives the source text of a number, which TypeScript's library doesn't declare yet. */
function reviveExactNumber(
  _key: string,
  value: unknown,
  { source }: { readonly source?: string },
): unknown {
  return typeof value === "number" && source !== undefined ? exactNumber(source, value) : value;
}

/** The length of the longest integer of 64 bits, with its sign. */
const MAX_INT64_LENGTH = 20;

function exactNumber(source: string, value: number): number | bigint | string {
  if (Number.isSafeInteger(value) && String(value) === source) return value;
  if (source.length <= MAX_INT64_LENGTH && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)) {
    const whole = BigInt(source);
    if (BigInt.asIntN(64, whole) === whole) return whole;
  }
  return canonicalDigits(source) === canonicalDigits(String(value)) ? value : source;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Returns the same text for all notations of a number: `1.50e3` and `1500`. */
function canonicalDigits(source: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(source) ?? [];
  const digits = whole + fraction;
  let from = 0;
  while (from < digits.length - 1 && digits[from] === "0") from++;
  let to = digits.length;
  while (to > from + 1 && digits[to - 1] === "0") to--;
  const significant = digits.slice(from, to);
  if (significant === "0") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - to);
  return `${sign ?? source}${significant}e${power}`;
}
