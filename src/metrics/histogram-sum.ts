import type { PageHistogram } from "./exemplars.ts";
import { addExponential } from "./exponential-sum.ts";

/**
 * Adds two histograms, without extremes and exemplars; returns undefined for different
 * boundaries. The buckets of native ones must have all values, so they need both.
 */
export function addHistograms(a: PageHistogram, b: PageHistogram): PageHistogram | undefined {
  const { boundaries, counts } = a.buckets;
  if (boundaries.join() !== b.buckets.boundaries.join()) return undefined;
  const sum = {
    buckets: {
      boundaries,
      counts: counts.map((count, index) => count + b.buckets.counts[index]!),
    },
    count: a.count + b.count,
    ...addSums(a, b),
  };
  if (a.native === undefined || b.native === undefined) return sum;
  return { ...sum, native: addExponential(a.native, b.native) };
}

/** Adds the sums of two histograms, which those of values below zero have not. */
export function addSums(
  a: Pick<PageHistogram, "sum">,
  b: Pick<PageHistogram, "sum">,
): Pick<PageHistogram, "sum"> {
  return a.sum === undefined || b.sum === undefined ? {} : { sum: a.sum + b.sum };
}
