import {
  type BenchComparison,
  chooseMeasure,
  type ComparisonOptions,
  errorOfLook,
  valueOf,
} from "./comparison.ts";
import type { BenchResult, EndpointResult } from "../result.ts";
import { shiftOfPairs } from "./shift.ts";

/** Returns the names of endpoints of which more blocks may show whether they have changed. */
export function unclearEndpoints({ endpoints }: BenchComparison): readonly string[] {
  return endpoints.filter(({ needsBlocks }) => needsBlocks).map(({ name }) => name);
}

/**
 * Returns the names of endpoints that are not measured well enough for a baseline: what a
 * baseline leaves unknown, no later measurement can add. The interval of the measure shall not
 * exceed a quarter of the tolerance in either direction.
 */
export function impreciseEndpoints(
  { endpoints }: BenchResult,
  { tolerance, looks }: Pick<ComparisonOptions, "tolerance" | "looks">,
): readonly string[] {
  const limit = Math.log(1 + tolerance) / 2;
  return endpoints
    .filter((endpoint) => !(intervalWidth(endpoint, errorOfLook(looks)) <= limit))
    .map(({ name }) => name);
}

function intervalWidth({ blocks }: EndpointResult, error: number): number {
  const measure = chooseMeasure([blocks], false);
  const { low, high } = shiftOfPairs(
    blocks.map((block) => Math.log(valueOf(block, measure))),
    error,
  );
  return high - low;
}
