import { isMainThread } from "node:worker_threads";
import type { Config, RuntimeMetricGroup } from "../../config/config.ts";
import type { TelemetryCounters } from "../../diagnostics/telemetry-counters.ts";
import type { StoreInstrument } from "../meter.ts";
import type { StoreMeter } from "../store-meter.ts";
import { observeSdkMetrics } from "./sdk-metrics.ts";
import { observeContainer } from "./container.ts";
import { observeEventLoop } from "./event-loop.ts";
import { type GcPauseListener, observeGc } from "./gc.ts";
import { observeHeap } from "./heap.ts";
import { observeOverflows } from "./overflows.ts";
import { observeHost } from "./host.ts";
import { readTextFile } from "./proc-file.ts";
import { observeProcess } from "./process.ts";
import { observeResources } from "./resources.ts";
import { SlidingWindow } from "./sliding-window.ts";
import type { StallObserver } from "../../loop-activity.ts";
import { StallWatch } from "./stalls.ts";

export interface RuntimeMetricsDeps {
  readonly meter: StoreMeter;
  readonly config: Config;
  readonly counters: TelemetryCounters;
  /** Returns all instruments of the store. */
  readonly instruments: () => Iterable<StoreInstrument>;
  readonly stallObserver?: StallObserver | undefined;
}

/**
 * Starts the metrics of event loop, garbage collection, heap, process, host, container
 * and telemetry counters, except for the groups that are off. A lazy module, loaded a
 * turn after start. All its timers are unref'd.
 */
export function observeRuntime(deps: RuntimeMetricsDeps): void {
  const { meter, config, counters, instruments } = deps;
  const off = new Set(config.metrics.disabledRuntimeMetrics);
  const slidingWindow = new SlidingWindow();
  const onGcPause = watchStalls(deps);
  const groups: Readonly<Record<RuntimeMetricGroup, () => void>> = {
    event_loop: () => observeEventLoop(meter, slidingWindow),
    gc: () => observeGc(meter, onGcPause),
    heap: () => observeHeap(meter),
    resources: () => observeResources(meter),
    process: () => observeProcess(meter, slidingWindow),
    host: () => observeHost(meter, readTextFile),
    container: () => observeContainer(meter, readTextFile),
    telemetry: () => {
      observeSdkMetrics(meter, config, counters);
      observeOverflows(meter, instruments);
    },
  };
  for (const [group, observe] of Object.entries(groups)) {
    if (off.has(group as RuntimeMetricGroup)) continue;
    if (isMainThread || !processGroups.has(group)) observe();
  }
}

/** A worker thread shares these with its process, which reports them. */
const processGroups: ReadonlySet<string> = new Set(["process", "host", "container"]);

/** Starts the watch of the event loop, and returns what it has to know of garbage collection. */
function watchStalls(deps: RuntimeMetricsDeps): GcPauseListener | undefined {
  const { stallMs } = deps.config.metrics;
  if (stallMs === Infinity) return undefined;
  const watch = new StallWatch(deps.meter, stallMs, deps.stallObserver);
  watch.start();
  return watch.onGcPause;
}
