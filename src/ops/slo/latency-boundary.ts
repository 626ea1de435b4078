/**
 * Describes what is wrong with a latency that is no bucket boundary: between two of them nothing
 * is known.
 *
 * @param boundaries of the buckets of `http.server.request.duration`, in seconds, as is the latency.
 * @returns undefined if it is one.
 */
export function boundaryProblem(
  seconds: number,
  boundaries: readonly number[],
): string | undefined {
  if (boundaries.includes(seconds)) return undefined;
  const nearest = nearestBoundary(seconds, boundaries);
  const proposal =
    nearest === undefined ? "which has none" : `the nearest of which is ${formatSeconds(nearest)}`;
  return `received ${formatSeconds(seconds)}, expected a bucket boundary of http.server.request.duration, ${proposal}; TELLTALE_METRICS_BUCKETS can add ${seconds}, in the service and here`;
}

/** Returns the boundary next to a latency: of two at the same distance the lower, stricter one. */
export function nearestBoundary(
  seconds: number,
  boundaries: readonly number[],
): number | undefined {
  const usable = boundaries.filter((boundary) => boundary > 0);
  return usable.toSorted((a, b) => Math.abs(a - seconds) - Math.abs(b - seconds) || a - b)[0];
}

function formatSeconds(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1000).toPrecision(9))}ms` : `${seconds}s`;
}
