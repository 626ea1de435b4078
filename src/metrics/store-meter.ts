import type { Meter, MeterProvider, MetricOptions } from "@opentelemetry/api";
import type { FlushOptions } from "../export/provider-flush.ts";
import type { BindableRecorder, BindableSum } from "./instruments.ts";

/** The API's `Meter`, whose synchronous instruments can be bound to attributes. */
export interface StoreMeter extends Meter {
  createCounter(name: string, options?: MetricOptions): BindableSum;
  createUpDownCounter(name: string, options?: MetricOptions): BindableSum;
  createHistogram(name: string, options?: MetricOptions): BindableRecorder;
  createGauge(name: string, options?: MetricOptions): BindableRecorder;
}

/** The API's `MeterProvider` with the SDK's additional methods. */
export interface FlushableMeterProvider extends MeterProvider {
  forceFlush(options?: FlushOptions): Promise<void>;
  shutdown(options?: FlushOptions): Promise<void>;
}
