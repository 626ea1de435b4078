import { codeAt } from "../../text.ts";

const MINUTE_MS = 60_000;

/**
 * A parser of `2026-11-21T02:30:07.123Z` for times near the present, with a cache:
 * under load many lines have the same time. Most lines get their timestamp just
 * before they are recorded, and creating a `Date` for each took a microsecond.
 */
class TimestampCache {
  #minute = -1;
  /** `2026-11-21T02:30:` */
  #minuteText = "";
  #lastText: string | undefined = undefined;
  #lastMs = 0;

  /**
   * Returns the time in milliseconds since the epoch if it lies in the same minute
   * as `epochMs`; undefined for every other text.
   */
  parseNearby(text: string, epochMs: number): number | undefined {
    const minute = Math.floor(epochMs / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#minuteText = new Date(minute * MINUTE_MS).toISOString().slice(0, 17);
      this.#lastText = undefined;
    }
    if (text === this.#lastText) return this.#lastMs;
    if (text.length !== 24 || text[23] !== "Z" || text.slice(0, 17) !== this.#minuteText)
      return undefined;
    const ms =
      digit(text, 17) * 10_000 +
      digit(text, 18) * 1000 +
      digit(text, 20) * 100 +
      digit(text, 21) * 10 +
      digit(text, 22);
    if (text[19] !== "." || !(ms < MINUTE_MS)) return undefined;
    this.#lastText = text;
    this.#lastMs = minute * MINUTE_MS + ms;
    return this.#lastMs;
  }
}

export const timestampCache: TimestampCache = new TimestampCache();

/** Returns NaN for a non-digit, so that every comparison is false. */
function digit(text: string, at: number): number {
  const value = codeAt(text, at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}
