import type { Meter, MeterProvider } from "@opentelemetry/api";
import type { FlushOptions } from "../export/provider-flush.ts";
import type { InstrumentOptions } from "./descriptor.ts";
import type { BindableRecorder, BindableSum } from "./instruments.ts";
import type { SummaryOptions } from "./series/summary-instrument.ts";

/** The API's `Meter`, whose synchronous instruments can be bound to attributes. */
export interface StoreMeter extends Meter {
  createCounter(name: string, options?: InstrumentOptions): BindableSum;
  createUpDownCounter(name: string, options?: InstrumentOptions): BindableSum;
  createHistogram(name: string, options?: InstrumentOptions): BindableRecorder;
  createGauge(name: string, options?: InstrumentOptions): BindableRecorder;
  /** Creates an instrument of quantiles, which the API doesn't have. */
  createSummary(name: string, options?: SummaryOptions): BindableRecorder;
}

/** The API's `MeterProvider` with the SDK's additional methods. */
export interface FlushableMeterProvider extends MeterProvider {
  forceFlush(options?: FlushOptions): Promise<void>;
  shutdown(options?: FlushOptions): Promise<void>;
}
