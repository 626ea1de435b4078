import type { StoreInstrument } from "../meter.ts";
import type { StoreMeter } from "../store-meter.ts";

/** Observes which metrics have reached their limit of series, and how often. */
export function observeOverflows(
  meter: StoreMeter,
  instruments: () => Iterable<StoreInstrument>,
): void {
  const options = {
    description: "Number of measurements above the limit of series of their metric.",
    unit: "{measurement}",
  };
  meter.createObservableCounter("telltale.metric.overflows", options).addCallback((result) => {
    for (const { descriptor, table } of instruments()) {
      if (table.overflowed > 0)
        result.observe(table.overflowed, { "telltale.metric.name": descriptor.name });
    }
  });
}
