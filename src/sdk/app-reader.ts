import { type IMetricReader, MeterProvider } from "@opentelemetry/sdk-metrics";
import { tryRead } from "../try-read.ts";

/** A collector of the SDK in the bundled version: the producer of one reader. */
interface Collector {
  _sharedState: ProviderState;
}

interface ProviderState {
  readonly metricCollectors: Collector[];
}

/** Values of `AggregationTemporality` and `AggregationType` of the SDK. */
const CUMULATIVE = 1;
const DEFAULT = { type: 0 } as const;

/**
 * Lets a reader of the app read the SDK's provider. The SDK takes readers at the start only, so
 * its collector is created by another provider. It collects what is recorded by instruments that
 * are created from then on.
 */
export function connectAppReader(provider: MeterProvider, reader: object): void {
  const other = new MeterProvider({ readers: [withDefaults(reader as AppReader)] });
  const state = stateOf(provider);
  for (const collector of stateOf(other).metricCollectors) {
    collector._sharedState = state;
    state.metricCollectors.push(collector);
  }
}

type AppReader = Pick<IMetricReader, "setMetricProducer"> & Partial<IMetricReader>;

/** A reader of another version of the SDK may lack what this one asks for, when the app creates an instrument. */
function withDefaults(reader: AppReader): IMetricReader {
  return {
    setMetricProducer: (producer) => reader.setMetricProducer(producer),
    selectAggregation: (type) => tryRead(() => reader.selectAggregation?.(type)) ?? DEFAULT,
    selectAggregationTemporality: (type) =>
      tryRead(() => reader.selectAggregationTemporality?.(type)) ?? CUMULATIVE,
    selectCardinalityLimit: (type) =>
      tryRead(() => reader.selectCardinalityLimit?.(type)) ?? CARDINALITY_LIMIT,
    forceFlush: async (options) => reader.forceFlush?.(options),
    shutdown: async (options) => reader.shutdown?.(options),
  } as IMetricReader;
}

/** The SDK's default. */
const CARDINALITY_LIMIT = 2000;

function stateOf(provider: MeterProvider): ProviderState {
  const { _sharedState: state } = provider as unknown as { readonly _sharedState: ProviderState };
  return state;
}
