import type { Attributes, HrTime } from "@opentelemetry/api";
import type {
  IMetricReader,
  MeterProvider,
  MetricData,
  ResourceMetrics,
  ScopeMetrics,
} from "@opentelemetry/sdk-metrics";
import { hrTimeOf } from "../clock.ts";

/*
 * The SDK collects metrics asynchronously, and at the exit of a process no asynchronous
 * work runs any more. These are the fields of its classes in the bundled version, which
 * its own `collect` uses; `test/integration/pipeline-sdk` fails if they change.
 */

interface Storage {
  collect(collector: object, at: HrTime): MetricData | undefined;
  record(measurements: unknown, at: HrTime): void;
}

interface ObservedInstrument {
  readonly _descriptor: { readonly valueType: number };
  readonly _metricStorages: readonly Storage[];
}

interface BatchResult {
  observe(instrument: ObservedInstrument, value: unknown, attributes?: Attributes): void;
}

interface MeterState {
  readonly _instrumentationScope: ScopeMetrics["scope"];
  readonly metricStorageRegistry: { getStorages(collector: object): readonly Storage[] };
  readonly observableRegistry: {
    readonly _callbacks: readonly {
      readonly callback: (result: Observations) => unknown;
      readonly instrument: ObservedInstrument;
    }[];
    readonly _batchCallbacks: readonly {
      readonly callback: (result: BatchResult) => unknown;
      readonly instruments: ReadonlySet<ObservedInstrument>;
    }[];
  };
}

interface ProviderState {
  readonly resource: ResourceMetrics["resource"];
  readonly meterSharedStates: ReadonlyMap<string, MeterState>;
  readonly metricCollectors: readonly { readonly _metricReader: IMetricReader }[];
}

/** Collects what a reader would, without the values of asynchronous callbacks. */
export function collectNow(provider: MeterProvider, reader: IMetricReader): ResourceMetrics {
  const { _sharedState: state } = provider as unknown as { readonly _sharedState: ProviderState };
  const collector = state.metricCollectors.find(({ _metricReader: other }) => other === reader);
  const scopeMetrics: ScopeMetrics[] = [];
  if (collector === undefined) return { resource: state.resource, scopeMetrics };
  const at = hrTimeOf(Date.now());
  for (const meter of state.meterSharedStates.values()) {
    observe(meter, at);
    const metrics = meter.metricStorageRegistry
      .getStorages(collector)
      .map((storage) => storage.collect(collector, at))
      .filter((data) => data !== undefined);
    if (metrics.length > 0) scopeMetrics.push({ scope: meter._instrumentationScope, metrics });
  }
  return { resource: state.resource, scopeMetrics };
}

function observe({ observableRegistry }: MeterState, at: HrTime): void {
  for (const { callback, instrument } of observableRegistry._callbacks) {
    const result = new Observations(instrument);
    if (isObserved(() => callback(result))) result.record(at);
  }
  for (const { callback, instruments } of observableRegistry._batchCallbacks) {
    const results = new Map(
      Array.from(instruments, (instrument) => [instrument, new Observations(instrument)]),
    );
    const result: BatchResult = {
      observe: (instrument, value, attributes) =>
        results.get(instrument)?.observe(value, attributes),
    };
    if (isObserved(() => callback(result))) for (const each of results.values()) each.record(at);
  }
}

/** Whether a callback has succeeded at once. One of the app's may throw, or be asynchronous. */
function isObserved(run: () => unknown): boolean {
  try {
    const result = run();
    if (!(result instanceof Promise)) return true;
    result.catch(() => {});
    return false;
  } catch {
    return false;
  }
}

/** `ValueType.INT` of the API. */
const INT = 0;

/** What a callback observes of one instrument, in the form that its storages read. */
class Observations {
  readonly #instrument: ObservedInstrument;
  readonly #values = new Map<string, readonly [Attributes, number]>();

  constructor(instrument: ObservedInstrument) {
    this.#instrument = instrument;
  }

  observe(value: unknown, attributes: Attributes = {}): void {
    if (typeof value !== "number") return;
    const valid = this.#instrument._descriptor.valueType === INT ? Math.trunc(value) : value;
    const key = JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    this.#values.set(key, [attributes, valid]);
  }

  record(at: HrTime): void {
    for (const storage of this.#instrument._metricStorages) storage.record(this, at);
  }

  entries(): IterableIterator<readonly [Attributes, number]> {
    return this.#values.values();
  }
}
