import type { Attributes } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import { AggregationType, MeterProvider, type ViewOptions } from "@opentelemetry/sdk-metrics";
import type { MetricView, MetricViewsConfig } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { InstrumentDescriptor, InstrumentKind } from "../metrics/descriptor.ts";
import { streamsOf } from "../metrics/views/views.ts";

/** What the SDK knows of an instrument when it looks for its views. */
type SdkDescriptor = Pick<InstrumentDescriptor, "name" | "description" | "unit" | "valueType"> & {
  /** `InstrumentType`: `COUNTER`. */
  readonly type: string;
};

type View = object;

/** Fields of the SDK's provider in the bundled version, as in `collect-now.ts`. */
interface ProviderState {
  readonly viewRegistry: {
    readonly _registeredViews: readonly View[];
    findViews(descriptor: SdkDescriptor, scope: InstrumentationScope): readonly View[];
  };
}

/**
 * Views of the SDK's provider that apply what `TELLTALE_METRICS_*`, a configuration file and an
 * extension change, by the rules of telltale's own store. The SDK looks for the views of an
 * instrument when it is created.
 */
export class SdkViews {
  readonly #configured: MetricViewsConfig | undefined;
  readonly #diagnostics: Diagnostics;
  #added: readonly MetricView[] = [];

  constructor(configured: MetricViewsConfig | undefined, diagnostics: Diagnostics) {
    this.#configured = configured;
    this.#diagnostics = diagnostics;
  }

  add(views: readonly MetricView[]): void {
    this.#added = [...this.#added, ...views];
  }

  applyTo(provider: MeterProvider): void {
    stateOf(provider).viewRegistry.findViews = (descriptor, scope) =>
      this.#optionsFor(descriptor, scope).flatMap(viewsOf);
  }

  /** Returns the streams of an instrument; none: it is not changed. */
  #optionsFor(own: SdkDescriptor, scope: InstrumentationScope): ViewOptions[] {
    const kind = own.type.toLowerCase() as InstrumentKind;
    const instrument: InstrumentDescriptor = { ...own, kind, boundaries: [] };
    const streams = streamsOf(instrument, scope, this.#configured, this.#added, this.#diagnostics);
    if (streams.length === 0) return [{ aggregation: { type: AggregationType.DROP } }];
    const options = streams
      // Of streams with one name the SDK makes one, which gets each measurement several times.
      .filter(({ isDuplicate }) => isDuplicate !== true)
      .map((stream) => optionsOf(stream, instrument));
    return options.some((one) => Object.keys(one).length > 0) || options.length > 1 ? options : [];
  }
}

function optionsOf(stream: InstrumentDescriptor, instrument: InstrumentDescriptor): ViewOptions {
  const { name, description, droppedAttributes, cardinalityLimit } = stream;
  const aggregation = aggregationOf(stream, instrument);
  return {
    ...(name !== instrument.name && { name }),
    ...(description !== instrument.description && { description }),
    ...(aggregation !== undefined && { aggregation }),
    ...(droppedAttributes !== undefined && {
      attributesProcessors: [{ process: (all) => without(all, droppedAttributes) }],
    }),
    ...(cardinalityLimit !== undefined && { aggregationCardinalityLimit: cardinalityLimit }),
  };
}

function aggregationOf(
  { aggregation, boundaries, exponential, hasViewBoundaries, hidesExtremes }: InstrumentDescriptor,
  instrument: InstrumentDescriptor,
): ViewOptions["aggregation"] {
  if (aggregation === "sum") return { type: AggregationType.SUM };
  if (aggregation === "last_value") return { type: AggregationType.LAST_VALUE };
  if (aggregation === undefined && instrument.kind !== "histogram") return undefined;
  const recordMinMax = hidesExtremes !== true;
  if (exponential !== undefined) {
    const { maxSize } = exponential;
    const options = { recordMinMax, ...(maxSize !== undefined && { maxSize }) };
    return { type: AggregationType.EXPONENTIAL_HISTOGRAM, options };
  }
  if (hasViewBoundaries !== true) return undefined;
  if (boundaries === instrument.boundaries)
    return { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM };
  const options = { boundaries: [...boundaries], recordMinMax };
  return { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options };
}

function without(
  attributes: Attributes,
  dropped: NonNullable<InstrumentDescriptor["droppedAttributes"]>,
): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !dropped.has(name)));
}

/** Creates views by a provider, because the SDK doesn't export their class. They need some selector. */
function viewsOf(options: ViewOptions): readonly View[] {
  const provider = new MeterProvider({ views: [{ ...options, instrumentName: "selected" }] });
  return stateOf(provider).viewRegistry._registeredViews;
}

function stateOf(provider: MeterProvider): ProviderState {
  const { _sharedState: state } = provider as unknown as { readonly _sharedState: ProviderState };
  return state;
}
