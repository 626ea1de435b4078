/*
 * Names on the Prometheus page, by "Prometheus and OpenMetrics Compatibility" of
 * the OpenTelemetry specification. Where that leaves a choice, they are those of
 * the Collector's exporter, so that a dashboard works with either.
 */

/**
 * Words for UCUM units: the specification's table, which is closed, and the
 * Collector's `KBy`. All other units are used unchanged.
 *
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata
 */
const unitWords: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tebibytes",
  kBy: "kilobytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "%": "percent",
};

/** Words for units after a slash: "By/s" is "bytes per second". */
const perWords: Readonly<Record<string, string>> = {
  s: "second",
  m: "minute",
  min: "minute",
  h: "hour",
  d: "day",
  w: "week",
  mo: "month",
  y: "year",
};

export type FamilyType = "counter" | "gauge" | "histogram" | "info";

export interface FamilyName {
  /** The name of the OpenMetrics family, without `_total`. */
  readonly name: string;
  /** The unit at the end of the name, for OpenMetrics' UNIT line. */
  readonly unit: string;
}

/**
 * Converts the name of a metric to that of a family.
 *
 * @returns undefined if the name has no valid characters.
 */
export function familyName(name: string, unit: string, type: FamilyType): FamilyName | undefined {
  const clean = sanitize(name);
  if (clean === "" || clean === "_") return undefined;
  const base = type === "counter" ? withoutSuffix(clean, "_total") : clean;
  const word = unitWord(unit, type);
  // The whole name is the unit; OpenMetrics requires an underscore before the unit.
  if (word === "" || base === word) return { name: stemOf(base, type), unit: "" };
  if (base.endsWith(`_${word}`)) return { name: base, unit: word };
  return { name: `${stemOf(base, "counter")}_${word}`, unit: word };
}

/** Removes a trailing underscore, which a suffix would double. */
function stemOf(base: string, type: FamilyType): string {
  return type === "gauge" ? base : withoutSuffix(base, "_");
}

/** Converts an attribute key to a label name; the rule for leading digits and underscores is the Collector's. */
export function labelName(key: string): string {
  const name = key.replace(/[^A-Za-z0-9_]+/g, "_").replace(/_{2,}/g, "_");
  if (/^[0-9]/.test(name)) return `key_${name}`;
  return name === "_" || name === "" ? "key_" : name;
}

function unitWord(unit: string, type: FamilyType): string {
  if (unit === "1") return type === "gauge" ? "ratio" : "";
  const [measure = "", per] = unit.replace(/\{[^{}]*\}/g, "").split("/", 2);
  const word = wordOf(unitWords, measure.trim());
  const perWord = per === undefined ? "" : wordOf(perWords, per.trim());
  return [word, perWord && `per_${perWord}`].filter(Boolean).join("_");
}

/** Returns the word for a unit; none for "1" in a compound ("1/s"). */
function wordOf(words: Readonly<Record<string, string>>, unit: string): string {
  if (unit === "1") return "";
  const word = Object.hasOwn(words, unit) ? words[unit]! : unit;
  // `sanitize` leaves at most one underscore at each end.
  return sanitize(word).replace(/^_|_$/g, "");
}

/** Replaces invalid characters; also colons, which are reserved for recording rules. */
function sanitize(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]+/g, "_").replace(/_{2,}/g, "_");
  return /^[0-9]/.test(clean) ? `_${clean}` : clean;
}

function withoutSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) && name.length > suffix.length
    ? name.slice(0, -suffix.length)
    : name;
}
