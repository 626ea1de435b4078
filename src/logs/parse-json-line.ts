/** A line of JSON, field by field. */
export type JsonLine = Readonly<Record<string, unknown>>;

/**
 * Reads a line's JSON; undefined where the text is no object of JSON. Numbers
 * keep their digits: a whole one of 64 bits is a bigint, and what no number of
 * JavaScript holds (`1e400`, 40 digits) stays text.
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
/** Of such a number a short one may be left: 0.1, 0. */
const MAY_BE_SHORTENED = /\.\d{16}|[eE]-\d{3}/;

/** Whether a number in it may have lost something. */
function isInexact(value: unknown): boolean {
  if (typeof value === "number") return isInexactNumber(value);
  if (typeof value !== "object" || value === null) return false;
  for (const key in value) if (isInexact((value as JsonLine)[key])) return true;
  return false;
}

/** A double has 15 digits in any case. */
const SAFE_DIGITS = 15;

function isInexactNumber(value: number): boolean {
  if (Number.isSafeInteger(value) || Number.isSafeInteger(value * 1e6)) return false;
  return !(Math.abs(value) < 1e15) || String(value).length > SAFE_DIGITS;
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

/** With the text of the number, which TypeScript's library doesn't know yet. */
function reviveExactNumber(
  _key: string,
  value: unknown,
  { source }: { readonly source?: string },
): unknown {
  return typeof value === "number" && source !== undefined ? exactNumber(source, value) : value;
}

/** The longest whole number of 64 bits, with its sign. */
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

/** Equal for texts of one number: `1.50e3` and `1500`. */
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
