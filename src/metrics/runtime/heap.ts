import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { MetricOptions, Observable } from "@opentelemetry/api";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";

/** `v8js.memory.heap.*`: https://opentelemetry.io/docs/specs/semconv/runtime/v8js-metrics/ */
export function observeHeap(meter: StoreMeter): void {
  const bytes = (name: string, description: string): Observable =>
    meter.createObservableUpDownCounter(name, bytesOptions(description));
  const size = bytes(
    "v8js.memory.heap.space.size",
    "Memory that V8 has set aside for a heap space.",
  );
  const used = bytes("v8js.memory.heap.used", "Memory in use in a heap space.");
  const available = bytes(
    "v8js.memory.heap.space.available_size",
    "Memory still free in a heap space.",
  );
  const physical = bytes(
    "v8js.memory.heap.space.physical_size",
    "Committed memory of a heap space.",
  );
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
  // Of the whole heap since the conventions' 1.42, before which the name was that of a space's size
  // (semantic-conventions#3476). Without it nobody sees an out-of-memory coming.
  bytes(
    "v8js.memory.heap.limit",
    "What the whole heap may grow to before V8 gives up.",
  ).addCallback((result) => result.observe(getHeapStatistics().heap_size_limit));
}

function bytesOptions(description: string): MetricOptions {
  return { description, unit: "By", valueType: INT };
}
