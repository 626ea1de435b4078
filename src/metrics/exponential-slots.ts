import type { InstrumentDescriptor } from "./descriptor.ts";

/**
 * Exponential buckets that a histogram has: those of all time, which any number of readers
 * share, or those of the intervals of one reader with delta temporality, which resets them.
 */
export interface ExponentialSlot {
  readonly isTotal: boolean;
}

export const TOTALS: ExponentialSlot = { isTotal: true };

/** Which readers have exponential histograms. */
export interface ExponentialReaders {
  /** Of all histograms, beside the explicit buckets: native ones of the Prometheus page. */
  readonly beside: readonly ExponentialSlot[];
  /** Of all histograms, except those with configured boundaries. */
  readonly byDefault: readonly ExponentialSlot[];
  /** Of those histograms that a view makes exponential. */
  readonly byView: readonly ExponentialSlot[];
}

export const NO_READERS: ExponentialReaders = { beside: [], byDefault: [], byView: [] };

/** Returns the buckets that an instrument needs. */
export function slotsOf(
  { exponential, hasViewBoundaries }: InstrumentDescriptor,
  { beside, byDefault, byView }: ExponentialReaders,
): readonly ExponentialSlot[] {
  const others = hasViewBoundaries === true ? [] : byDefault;
  return [...new Set([...beside, ...(exponential ? byView : others)])];
}
