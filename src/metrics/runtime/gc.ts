import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import type { BoundRecorder } from "../meter.ts";
import type { StoreMeter } from "../store-meter.ts";

/** From a tenth of a millisecond, as of a young collection, to a noticeable pause. */
const boundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/** Receives the start and the duration of a collection, in milliseconds on the monotonic clock. */
export type GcPauseListener = (startedAt: number, durationMs: number) => void;

/**
 * Records `v8js.gc.duration`. The observer is called once per collection, a turn
 * later; at 350 collections a second its cost was not measurable (Node 26). It
 * does not keep the process running.
 */
export function observeGc(meter: StoreMeter, onPause: GcPauseListener = () => {}): void {
  const duration = meter.createHistogram("v8js.gc.duration", {
    description: "Garbage collection duration.",
    unit: "s",
    advice: { explicitBucketBoundaries: boundaries },
  });
  const bind = (type: string): BoundRecorder => duration.bind({ "v8js.gc.type": type });
  const byKind = new Map<number, BoundRecorder>([
    [constants.NODE_PERFORMANCE_GC_MAJOR, bind("major")],
    [constants.NODE_PERFORMANCE_GC_MINOR, bind("minor")],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, bind("incremental")],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, bind("weakcb")],
  ]);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      byKind.get(kindOf(entry))?.record(entry.duration / 1000);
      onPause(entry.startTime, entry.duration);
    }
  }).observe({ entryTypes: ["gc"] });
}

function kindOf(entry: PerformanceEntry & { readonly detail?: unknown }): number {
  return (entry.detail as { readonly kind: number }).kind;
}
