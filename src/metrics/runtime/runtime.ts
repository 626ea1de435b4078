import { isMainThread } from "node:worker_threads";
import type { Config, MetricsConfig } from "../../config/config.ts";
import type { TelemetryCounters } from "../../diagnostics/telemetry-counters.ts";
import type { StoreInstrument } from "../meter.ts";
import type { StoreMeter } from "../store-meter.ts";
import { observeSdkMetrics } from "./sdk-metrics.ts";
import { observeEventLoop } from "./event-loop.ts";
import { type GcPauseListener, observeGc } from "./gc.ts";
import { observeHeap } from "./heap.ts";
import { observeOverflows } from "./overflows.ts";
import { observeProcess } from "./process.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { StallWatch } from "./stalls.ts";

export interface RuntimeMetricsDeps {
  readonly meter: StoreMeter;
  readonly config: Config;
  readonly counters: TelemetryCounters;
  /** Returns all instruments of the store. */
  readonly instruments: () => Iterable<StoreInstrument>;
}

/**
 * Starts the metrics of event loop, garbage collection, heap, process and telemetry
 * counters. A lazy module, loaded a turn after start. All its timers are unref'd.
 */
export function observeRuntime({ meter, config, counters, instruments }: RuntimeMetricsDeps): void {
  const slidingWindow = new SlidingWindow();
  observeEventLoop(meter, slidingWindow);
  observeGc(meter, watchStalls(meter, config.metrics));
  observeHeap(meter);
  // A worker thread shares these with its process, which reports them.
  if (isMainThread) observeProcess(meter, slidingWindow);
  observeSdkMetrics(meter, config, counters);
  observeOverflows(meter, instruments);
}

/** Starts the watch of the event loop, and returns what it has to know of garbage collection. */
function watchStalls(meter: StoreMeter, { stallMs }: MetricsConfig): GcPauseListener | undefined {
  if (stallMs === Infinity) return undefined;
  const watch = new StallWatch(meter, stallMs);
  watch.start();
  return watch.onGcPause;
}
