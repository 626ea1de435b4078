import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { MetricOptions, Observable } from "@opentelemetry/api";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";

/** Observes `v8js.memory.heap.*`: https://opentelemetry.io/docs/specs/semconv/runtime/v8js-metrics/ */
export function observeHeap(meter: StoreMeter): void {
  const bytes = (name: string, description: string): Observable =>
    meter.createObservableUpDownCounter(name, bytesOptions(description));
  const size = bytes(
    "v8js.memory.heap.space.size",
    "Total heap memory size pre-allocated for a heap space.",
  );
  const used = bytes("v8js.memory.heap.used", "Heap Memory size allocated.");
  const available = bytes("v8js.memory.heap.space.available_size", "Heap space available size.");
  const physical = bytes("v8js.memory.heap.space.physical_size", "Committed size of a heap space.");
  meter.addBatchObservableCallback(
    (result) => {
      for (const space of getHeapSpaceStatistics()) {
        const attributes = { "v8js.heap.space.name": space.space_name };
        result.observe(size, space.space_size, attributes);
        result.observe(used, space.space_used_size, attributes);
        result.observe(available, space.space_available_size, attributes);
        result.observe(physical, space.physical_space_size, attributes);
      }
    },
    [size, used, available, physical],
  );
  // The limit of the whole heap, which announces an out-of-memory crash. Before 1.42 the conventions
  // used this name for the size of a heap space (semantic-conventions#3476).
  bytes("v8js.memory.heap.limit", "Maximum size of the heap.").addCallback((result) =>
    result.observe(getHeapStatistics().heap_size_limit),
  );
}

function bytesOptions(description: string): MetricOptions {
  return { description, unit: "By", valueType: INT };
}
