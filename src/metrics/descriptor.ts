import type { MetricOptions, ValueType } from "@opentelemetry/api";
import type { MetricDescriptor } from "@opentelemetry/sdk-metrics";
import type { ExponentialSize } from "../config/config.ts";
import { propertyOf } from "../property.ts";
import { DEFAULT_BOUNDARIES, SECONDS_BOUNDARIES } from "./boundaries.ts";

export type InstrumentKind =
  | "counter"
  | "up_down_counter"
  | "histogram"
  | "gauge"
  | "summary"
  | "observable_counter"
  | "observable_up_down_counter"
  | "observable_gauge";

export type Aggregation = "sum" | "last_value" | "histogram";

/** The validated options of an instrument, or of one of the streams that views make of it. */
export interface InstrumentDescriptor extends MetricDescriptor {
  readonly kind: InstrumentKind;
  readonly boundaries: readonly number[];
  /** What a view makes of the measurements. Undefined: the default of the kind. */
  readonly aggregation?: Aggregation;
  /** Whether the explicit buckets are configured, and so apply to every reader. */
  readonly hasViewBoundaries?: boolean;
  /** The limits of a histogram that a view makes exponential. */
  readonly exponential?: ExponentialSize;
  /** Whether a view leaves out the minimum and maximum of a histogram. */
  readonly hidesExtremes?: boolean;
  /** Whether another stream of its instrument has the same name. */
  readonly isDuplicate?: boolean;
  /** The only attributes of an instrument of `telltale`'s functions. Undefined: any. */
  readonly labels?: readonly string[];
  /** Attributes that are left out. */
  readonly droppedAttributes?: Pick<ReadonlySet<string>, "has">;
  /** Maximum number of series. Default: `CARDINALITY_LIMIT`. */
  readonly cardinalityLimit?: number;
  /** Whether series without measurements are removed. */
  readonly expires?: boolean;
}

/** The API's options, and the labels of an instrument of `telltale`'s functions. */
export interface InstrumentOptions extends MetricOptions {
  readonly labels?: readonly string[];
}

/** The API's `ValueType`, without the API's code in the start bundle. */
export const INT: ValueType.INT = 0;
export const DOUBLE: ValueType.DOUBLE = 1;

/** Specification, metrics/api.md, instrument name syntax. */
const validName = /^[A-Za-z][A-Za-z0-9_.\-/]{0,254}$/;

/** Checks a name of an instrument. */
export function isValidName(name: unknown): name is string {
  return typeof name === "string" && validName.test(name);
}

/** Specification, metrics/api.md, instrument unit. */
const MAX_UNIT_LENGTH = 63;

/**
 * Validates the name and options of an instrument. An invalid name is kept, so that
 * no measurement is lost; invalid options are replaced by their defaults.
 *
 * @param report is called with a message for each problem.
 */
export function createInstrumentDescriptor(
  kind: InstrumentKind,
  name: string,
  options: InstrumentOptions | undefined,
  report: (what: string) => void,
): InstrumentDescriptor {
  if (!isValidName(name)) {
    report("invalid name (expected a letter, then up to 254 letters, digits, and _ . - /)");
  }
  const description = propertyOf(options, "description");
  const boundaries = propertyOf(propertyOf(options, "advice"), "explicitBucketBoundaries");
  const labels = propertyOf(options, "labels");
  const unit = unitOf(propertyOf(options, "unit"), report);
  return {
    kind,
    name,
    description: typeof description === "string" ? description : "",
    unit,
    valueType: propertyOf(options, "valueType") === INT ? INT : DOUBLE,
    boundaries: boundariesOf(boundaries, unit, report),
    ...(Array.isArray(labels) && { labels: labels as readonly string[] }),
  };
}

/** Checks whether two descriptors, of the same name and scope, identify one instrument. */
export function isSameInstrument(a: InstrumentDescriptor, b: InstrumentDescriptor): boolean {
  return (
    a.kind === b.kind &&
    a.unit === b.unit &&
    a.valueType === b.valueType &&
    a.aggregation === b.aggregation
  );
}

/** Whether an instrument takes values below zero. */
export function takesNegatives({ kind }: InstrumentDescriptor): boolean {
  return kind.endsWith("gauge") || kind.endsWith("up_down_counter");
}

/** Whether each value is the last one of its series. */
export function isGauge({ aggregation, kind }: InstrumentDescriptor): boolean {
  return (aggregation ?? (kind.endsWith("gauge") ? "last_value" : "sum")) === "last_value";
}

function unitOf(unit: unknown, report: (what: string) => void): string {
  if (unit === undefined || unit === null) return "";
  if (typeof unit === "string" && unit.length <= MAX_UNIT_LENGTH) return unit;
  report(
    `invalid unit (expected a string of at most ${MAX_UNIT_LENGTH} characters); using no unit`,
  );
  return "";
}

/** Returns the advised boundaries; without advice or with an invalid one, those for the unit. */
function boundariesOf(
  advice: unknown,
  unit: string,
  report: (what: string) => void,
): readonly number[] {
  // The specification's defaults are meant for milliseconds: one second is in the third of 16 buckets.
  const defaults = unit === "s" ? SECONDS_BOUNDARIES : DEFAULT_BOUNDARIES;
  if (advice === undefined || advice === null) return defaults;
  const boundaries = parseBoundaries(advice);
  if (boundaries !== undefined) return Object.freeze(boundaries);
  report(
    `invalid bucket boundaries ${listText(advice)}(expected finite, increasing numbers); using the defaults`,
  );
  return defaults;
}

/** Returns a list for a message, with a space at its end. */
function listText(value: unknown): string {
  try {
    return Array.isArray(value) ? `[${value.join(", ").slice(0, 80)}] ` : "";
  } catch {
    // A revoked proxy.
    return "";
  }
}

function parseBoundaries(advice: unknown): number[] | undefined {
  try {
    if (!Array.isArray(advice)) return undefined;
    // The bucket without an upper limit is implied; some apps include it.
    const limits: unknown[] = advice.slice(0, advice.at(-1) === Infinity ? -1 : advice.length);
    return isIncreasing(limits) ? limits : undefined;
  } catch {
    // A revoked proxy.
    return undefined;
  }
}

function isIncreasing(boundaries: unknown[]): boundaries is number[] {
  return (boundaries as number[]).every(
    (limit, index) =>
      Number.isFinite(limit) && (index === 0 || limit > (boundaries as number[])[index - 1]!),
  );
}
