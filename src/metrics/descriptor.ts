import type { MetricOptions, ValueType } from "@opentelemetry/api";
import type { MetricDescriptor } from "@opentelemetry/sdk-metrics";
import { propertyOf } from "../property.ts";
import { DEFAULT_BOUNDARIES } from "./boundaries.ts";

export type InstrumentKind =
  | "counter"
  | "up_down_counter"
  | "histogram"
  | "gauge"
  | "observable_counter"
  | "observable_up_down_counter"
  | "observable_gauge";

/** The validated options of an instrument. */
export interface InstrumentDescriptor extends MetricDescriptor {
  readonly kind: InstrumentKind;
  readonly boundaries: readonly number[];
}

/** The API's `ValueType`, without the API's code in the start bundle. */
export const INT: ValueType.INT = 0;
export const DOUBLE: ValueType.DOUBLE = 1;

/** Specification, metrics/api.md, instrument name syntax. */
const validName = /^[A-Za-z][A-Za-z0-9_.\-/]{0,254}$/;

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
  options: MetricOptions | undefined,
  report: (what: string) => void,
): InstrumentDescriptor {
  if (!validName.test(name)) {
    report("invalid name (expected a letter, then up to 254 letters, digits, and _ . - /)");
  }
  const description = propertyOf(options, "description");
  const boundaries = propertyOf(propertyOf(options, "advice"), "explicitBucketBoundaries");
  return {
    kind,
    name,
    description: typeof description === "string" ? description : "",
    unit: unitOf(propertyOf(options, "unit"), report),
    valueType: propertyOf(options, "valueType") === INT ? INT : DOUBLE,
    boundaries: boundariesOf(boundaries, report),
  };
}

/** Checks whether two descriptors, of the same name and scope, identify one instrument. */
export function isSameInstrument(a: InstrumentDescriptor, b: InstrumentDescriptor): boolean {
  return a.kind === b.kind && a.unit === b.unit && a.valueType === b.valueType;
}

function unitOf(unit: unknown, report: (what: string) => void): string {
  if (unit === undefined || unit === null) return "";
  if (typeof unit === "string" && unit.length <= MAX_UNIT_LENGTH) return unit;
  report(
    `invalid unit (expected a string of at most ${MAX_UNIT_LENGTH} characters); using no unit`,
  );
  return "";
}

function boundariesOf(advice: unknown, report: (what: string) => void): readonly number[] {
  if (advice === undefined || advice === null) return DEFAULT_BOUNDARIES;
  const boundaries = parseBoundaries(advice);
  if (boundaries !== undefined) return Object.freeze(boundaries);
  report("invalid bucket boundaries (expected finite, increasing numbers); using the defaults");
  return DEFAULT_BOUNDARIES;
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
