/**
 * Names as the Prometheus page writes them: "Prometheus and OpenMetrics
 * Compatibility" of the OpenTelemetry specification, and where that leaves a
 * choice, what the Collector's exporter does, so that a dashboard works with
 * either.
 */

/**
 * UCUM units that have a word of their own: the specification's table, which is
 * closed, and the Collector's `KBy`. All others stay as they are.
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

/** What stands after a slash: "By/s" is "bytes per second". */
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
  /** Without `_total`: the name of an OpenMetrics family. */
  readonly name: string;
  /** The word at the end of the name, for OpenMetrics' UNIT line. */
  readonly unit: string;
}

/**
 * The name of a family of samples.
 *
 * @returns undefined if nothing speakable is left of the name.
 */
export function familyName(name: string, unit: string, type: FamilyType): FamilyName | undefined {
  const clean = sanitize(name);
  if (clean === "" || clean === "_") return undefined;
  const base = type === "counter" ? withoutSuffix(clean, "_total") : clean;
  const word = unitWord(unit, type);
  // The name is the unit; OpenMetrics wants UNIT to be what follows an underscore.
  if (word === "" || base === word) return { name: stemOf(base, type), unit: "" };
  if (base.endsWith(`_${word}`)) return { name: base, unit: word };
  return { name: `${stemOf(base, "counter")}_${word}`, unit: word };
}

/** What suffixes are joined to: an underscore at its end would stand next to theirs. */
function stemOf(base: string, type: FamilyType): string {
  return type === "gauge" ? base : withoutSuffix(base, "_");
}

/** A label's name; the rule for digits and underscores in front is the Collector's. */
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

/** "1" in a compound ("1/s") says nothing. */
function wordOf(words: Readonly<Record<string, string>>, unit: string): string {
  if (unit === "1") return "";
  const word = Object.hasOwn(words, unit) ? words[unit]! : unit;
  // One at each end at most: there are none side by side.
  return sanitize(word).replace(/^_|_$/g, "");
}

/** Colons are for recording rules, so they go too. */
function sanitize(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]+/g, "_").replace(/_{2,}/g, "_");
  return /^[0-9]/.test(clean) ? `_${clean}` : clean;
}

function withoutSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) && name.length > suffix.length
    ? name.slice(0, -suffix.length)
    : name;
}
