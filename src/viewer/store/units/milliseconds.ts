import { asNanoseconds } from "../../../otlp/fields.ts";

const DIGITS = 6;

/**
 * Converts nanoseconds since 1970 to milliseconds. Numbers have a precision of 0.25 µs
 * for times of these years.
 *
 * @throws if the value is not a time in digits.
 */
export function millisecondsOf(nanoseconds: unknown): number {
  const digits = asNanoseconds(nanoseconds);
  // Divided as a whole, the text would be rounded twice.
  return Number(digits.slice(0, -DIGITS)) + Number(digits.slice(-DIGITS)) / 1e6;
}

/** Rounds to microseconds: differences of times have no more precision. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
