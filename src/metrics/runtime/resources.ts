import type { StoreMeter } from "../store-meter.ts";

/** Observes `v8js.resource.active`: handles and requests of the event loop by type. */
export function observeResources(meter: StoreMeter): void {
  meter
    .createObservableGauge("v8js.resource.active", {
      description: "Gauge of the active resources that are currently keeping the event loop alive.",
      unit: "{resource}",
    })
    .addCallback((result) => {
      const counts = new Map<string, number>();
      for (const type of process.getActiveResourcesInfo())
        counts.set(type, (counts.get(type) ?? 0) + 1);
      for (const [type, count] of counts) result.observe(count, { "v8js.resource.type": type });
    });
}
