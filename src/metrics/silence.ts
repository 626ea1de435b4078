import { nothingToFlush, ProviderFlush } from "../export/provider-flush.ts";
import type { BindableRecorder, BindableSum } from "./instruments.ts";
import type { FlushableMeterProvider, StoreMeter } from "./store-meter.ts";

const sum: BindableSum = { add: nothing, bind: () => ({ add: nothing }) };
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

const flush = new ProviderFlush(nothingToFlush);

export const silentProvider: FlushableMeterProvider = {
  getMeter: () => silentMeter,
  forceFlush: () => flush.forceFlush(),
  shutdown: () => flush.shutdown(),
};

function nothing(): void {}
