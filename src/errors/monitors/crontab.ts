/** A crontab that Sentry reads, or the reason why there is none. */
export type Crontab =
  | { readonly crontab: string; readonly problem?: undefined }
  | { readonly problem: string; readonly crontab?: undefined };

/** Nicknames of node-cron, croner and `cron-parser`, in lower case. */
const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
  "@minutely": "* * * * *",
  "@weekdays": "0 0 * * 1-5",
  "@weekends": "0 0 * * 0,6",
};

/**
 * Translates the pattern of a scheduler into a crontab with the same times, as Sentry
 * reads it: with `cronsim`, five fields, and day of month and day of week combined as in
 * Debian's cron.
 *
 * @param matchesBothDays whether the scheduler starts a job only if day of month and day
 *   of week both match; usually one of them is enough.
 */
export function crontabOf(pattern: string, matchesBothDays: boolean): Crontab {
  const trimmed = pattern.trim();
  const given = (nicknames[trimmed.toLowerCase()] ?? trimmed).split(/\s+/);
  if (given.length > 5 && !/^\d+$/.test(given[0] ?? ""))
    return { problem: "it starts more than once a minute" };
  if (given.length === 7 && given[6] !== "*") return { problem: "its schedule has a year" };
  const fields = (given.length > 5 ? given.slice(1, 6) : given).map(withShortNames);
  const unread = given.length > 7 || fields.length < 5 ? pattern : fields.find(isUnreadable);
  if (unread !== undefined) return { problem: `Sentry can't read ${unread} in its schedule` };
  const [, , dayOfMonth = "", , dayOfWeek = ""] = fields;
  const isRestricted = dayOfMonth !== "*" && dayOfWeek !== "*";
  // The rule of Debian's cron.
  const matchesBothInSentry = dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*");
  if (isRestricted && matchesBothDays !== matchesBothInSentry)
    return { problem: "Sentry combines day of month and day of week in another way" };
  return { crontab: fields.join(" ") };
}

/** `cronsim` reads no `?`, and names of three letters only. */
function withShortNames(field: string, index: number): string {
  if (field === "?" && (index === DAY_OF_MONTH || index === DAY_OF_WEEK)) return "*";
  return field.toUpperCase().replaceAll(/[A-Z]{4,}/g, (name) => name.slice(0, 3));
}

const DAY_OF_MONTH = 2;
const DAY_OF_WEEK = 4;

interface FieldRange {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** What the field accepts besides numbers, ranges and steps. */
  readonly others?: RegExp;
}

const ranges: readonly FieldRange[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31, others: /^LW?$/ },
  { min: 1, max: 12, names: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ") },
  {
    ...{ min: 0, max: 7, others: /^([0-7]L|[0-7]#[1-5])$/ },
    names: "SUN MON TUE WED THU FRI SAT".split(" "),
  },
];

function isUnreadable(field: string, index: number): boolean {
  const range = ranges[index];
  return range === undefined || !field.split(",").every((term) => isReadable(term, range));
}

function isReadable(term: string, range: FieldRange): boolean {
  if (range.others?.test(term) === true) return true;
  const [values = "", step, ...rest] = term.split("/");
  if (rest.length > 0 || (step !== undefined && !/^[1-9]\d?$/.test(step))) return false;
  if (values === "*") return true;
  const [first, last, ...more] = values.split("-").map((value) => numberOf(value, range));
  if (first === undefined || more.length > 0) return false;
  return !values.includes("-") || (last !== undefined && first <= last);
}

function numberOf(value: string, { min, max, names = [] }: FieldRange): number | undefined {
  const index = names.indexOf(value);
  if (index >= 0) return min + index;
  const number = /^\d{1,2}$/.test(value) ? Number(value) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}
