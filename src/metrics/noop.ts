import { noopFlush, ProviderFlush } from "../export/provider-flush.ts";
import type { BindableRecorder, BindableSum } from "./instruments.ts";
import type { FlushableMeterProvider, StoreMeter } from "./store-meter.ts";

const sum: BindableSum = { add: noop, bind: () => ({ add: noop }) };
const recorder: BindableRecorder = { record: noop, bind: () => ({ record: noop }) };
const observable = { addCallback: noop, removeCallback: noop };

/** The meter for `OTEL_METRICS_EXPORTER=none`: its instruments record nothing. */
export const noopMeter: StoreMeter = {
  createCounter: () => sum,
  createUpDownCounter: () => sum,
  createHistogram: () => recorder,
  createGauge: () => recorder,
  createObservableCounter: () => observable,
  createObservableUpDownCounter: () => observable,
  createObservableGauge: () => observable,
  addBatchObservableCallback: noop,
  removeBatchObservableCallback: noop,
};

const flush = new ProviderFlush(noopFlush);

export const noopMeterProvider: FlushableMeterProvider = {
  getMeter: () => noopMeter,
  forceFlush: () => flush.forceFlush(),
  shutdown: () => flush.shutdown(),
};

function noop(): void {}
