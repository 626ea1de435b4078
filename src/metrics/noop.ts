import type { Observable } from "@opentelemetry/api";
import { noopFlush, ProviderFlush } from "../export/provider-flush.ts";
import type { BindableRecorder, BindableSum } from "./instruments.ts";
import type { FlushableMeterProvider, StoreMeter } from "./store-meter.ts";

export const noopSum: BindableSum = { add: noop, bind: () => ({ add: noop }) };
export const noopRecorder: BindableRecorder = { record: noop, bind: () => ({ record: noop }) };
export const noopObservable: Observable = { addCallback: noop, removeCallback: noop };

/** The meter for `OTEL_METRICS_EXPORTER=none`: its instruments record nothing. */
export const noopMeter: StoreMeter = {
  createCounter: () => noopSum,
  createUpDownCounter: () => noopSum,
  createHistogram: () => noopRecorder,
  createGauge: () => noopRecorder,
  createSummary: () => noopRecorder,
  createObservableCounter: () => noopObservable,
  createObservableUpDownCounter: () => noopObservable,
  createObservableGauge: () => noopObservable,
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
