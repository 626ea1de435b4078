import type { Histogram } from "@opentelemetry/sdk-metrics";

/** Adds two histograms, without extremes and exemplars; returns undefined for different boundaries. */
export function addHistograms(a: Histogram, b: Histogram): Histogram | undefined {
  const { boundaries, counts } = a.buckets;
  if (boundaries.join() !== b.buckets.boundaries.join()) return undefined;
  return {
    buckets: {
      boundaries,
      counts: counts.map((count, index) => count + b.buckets.counts[index]!),
    },
    count: a.count + b.count,
    sum: (a.sum ?? 0) + (b.sum ?? 0),
  };
}
