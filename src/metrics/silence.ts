import type { MeterProvider } from "@opentelemetry/api";
import type { BindableRecorder, BindableSum } from "./instruments.ts";
import type { StoreMeter } from "./meter.ts";

const sum: BindableSum = { add: nothing, bind: () => sum };
const recorder: BindableRecorder = { record: nothing, bind: () => ({ record: nothing }) };
const observable = { addCallback: nothing, removeCallback: nothing };

/** Metrics are off (`OTEL_METRICS_EXPORTER=none`): instruments that keep nothing. */
export const silentMeter: StoreMeter = {
  createCounter: () => sum,
  createUpDownCounter: () => sum,
  createHistogram: () => recorder,
  createGauge: () => recorder,
  createObservableCounter: () => observable,
  createObservableUpDownCounter: () => observable,
  createObservableGauge: () => observable,
  addBatchObservableCallback: nothing,
  removeBatchObservableCallback: nothing,
};

export const silentProvider: MeterProvider = { getMeter: () => silentMeter };

function nothing(): void {}
