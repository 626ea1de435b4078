import type { StoreMeter } from "../store-meter.ts";

/**
 * Observes `v8js.resource.active`: handles and requests of the event loop by type. A type
 * that was observed is 0 later, and not absent: a backend would show its last value.
 */
export function observeResources(meter: StoreMeter): void {
  const counts = new Map<string, number>();
  meter
    .createObservableGauge("v8js.resource.active", {
      description: "Gauge of the active resources that are currently keeping the event loop alive.",
      unit: "{resource}",
    })
    .addCallback((result) => {
      for (const type of counts.keys()) counts.set(type, 0);
      for (const type of process.getActiveResourcesInfo())
        counts.set(type, (counts.get(type) ?? 0) + 1);
      for (const [type, count] of counts) result.observe(count, { "v8js.resource.type": type });
    });
}
