/** The form of `date --iso-8601=seconds`. */
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/i;
/** The form of `date +%s`. */
const EPOCH_SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/;

/** The forms of a time, for messages. */
export const DATE_EXPECTED = "a date like 2026-11-30T07:00:00Z, or seconds since 1970";

/** Parses the time of an option. Returns undefined for any other text. */
export function parseDate(text: string): Date | undefined {
  const ms = EPOCH_SECONDS.test(text) ? Number(text) * 1000 : NaN;
  const date = new Date(ISO_DATE.test(text) ? text : ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
