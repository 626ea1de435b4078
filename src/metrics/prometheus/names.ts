import type { PrometheusTranslation } from "../../config/config.ts";
import { escapeLabelName, escapeName, type Escaping } from "./escaping.ts";
import type { PageFormat } from "./negotiation.ts";

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

export type FamilyType = "counter" | "gauge" | "histogram" | "summary" | "info";

export interface FamilyName {
  /** The name of the OpenMetrics family, without `_total`. */
  readonly name: string;
  /** The name of the samples of a counter; of any other, the same. */
  readonly sample: string;
  /** The unit at the end of the name, for OpenMetrics' UNIT line. */
  readonly unit: string;
}

/** How names become those of the page: the configured translation, then the escaping that the scraper asked for. */
export interface NameStyle {
  readonly translation: PrometheusTranslation;
  readonly format: PageFormat;
  readonly escaping: Escaping;
}

/** The style of the contract: valid in every format. */
const DEFAULT_STYLE: NameStyle = {
  translation: "underscore_escaping_with_suffixes",
  format: "classic",
  escaping: "underscores",
};

/**
 * Converts the name of a metric to that of a family.
 *
 * @returns undefined if the name has no valid characters.
 */
export function familyName(
  name: string,
  unit: string,
  type: FamilyType,
  style: NameStyle = DEFAULT_STYLE,
): FamilyName | undefined {
  const clean = keepsCharacters(style) ? wellFormed(name) : sanitize(name);
  if (clean === "" || clean === "_") return undefined;
  const base = type === "counter" ? withoutSuffix(clean, "_total") : clean;
  const word = hasSuffixes(style) ? unitWord(unit, type) : "";
  const named = withUnit(base, word, type);
  const sample = escapeName(type === "counter" ? total(named, style) : named, style.escaping);
  const family = type === "counter" ? withoutSuffix(sample, "_total") : sample;
  return { name: family, sample, unit: family.endsWith(`_${word}`) ? word : "" };
}

/** Returns the name of a counter's samples. OpenMetrics requires the suffix, whatever the translation. */
function total(name: string, style: NameStyle): string {
  return hasSuffixes(style) || style.format === "openmetrics" ? `${name}_total` : name;
}

/** Whether the unit, `_total` and `_ratio` are appended. */
function hasSuffixes({ translation }: NameStyle): boolean {
  return (
    translation === "underscore_escaping_with_suffixes" ||
    translation === "no_utf8_escaping_with_suffixes"
  );
}

/** Converts an attribute key to a label name; the rule for leading digits and underscores is the Collector's. */
export function labelName(key: string, style: NameStyle = DEFAULT_STYLE): string {
  // The specification names the labels of a scope with underscores in each translation.
  if (keepsCharacters(style) && !key.startsWith("otel.scope.")) return utf8Label(key, style);
  const name = key.replace(/[^A-Za-z0-9_]+/g, "_").replace(/_{2,}/g, "_");
  const valid = /^[0-9]/.test(name) ? `key_${name}` : name;
  return escapeLabelName(valid === "_" || valid === "" ? "key_" : valid, style.escaping);
}

/** Prometheus reserves labels with two leading underscores. */
function utf8Label(key: string, { escaping }: NameStyle): string {
  const name = wellFormed(key);
  return escapeLabelName(name.startsWith("__") ? `key${name}` : name, escaping);
}

function keepsCharacters({ translation }: NameStyle): boolean {
  return translation === "no_utf8_escaping_with_suffixes" || translation === "no_translation";
}

/** Replaces halves of surrogate pairs, which UTF-8 can't encode. */
function wellFormed(name: string): string {
  return name.replace(/\p{Surrogate}/gu, "\uFFFD");
}

function withUnit(base: string, word: string, type: FamilyType): string {
  if (word === "" || base === word) return stemOf(base, type);
  return base.endsWith(`_${word}`) ? base : `${stemOf(base, "counter")}_${word}`;
}

/** Removes a trailing underscore, which a suffix would double. */
function stemOf(base: string, type: FamilyType): string {
  return type === "gauge" ? base : withoutSuffix(base, "_");
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
