import type { Attributes } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import { AggregationType, MeterProvider, type ViewOptions } from "@opentelemetry/sdk-metrics";
import type { MetricView, MetricViewsConfig } from "../config/config.ts";
import type { InstrumentDescriptor, InstrumentKind } from "../metrics/descriptor.ts";
import { applyDeclaredViews, applyViews } from "../metrics/views.ts";

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
  #added: readonly MetricView[] = [];

  constructor(configured: MetricViewsConfig | undefined) {
    this.#configured = configured;
  }

  add(views: readonly MetricView[]): void {
    this.#added = [...this.#added, ...views];
  }

  applyTo(provider: MeterProvider): void {
    stateOf(provider).viewRegistry.findViews = (descriptor, scope) => {
      const options = this.#optionsFor(descriptor, scope);
      return options === undefined ? [] : viewsOf(options);
    };
  }

  /** Returns how an instrument is changed; undefined: not at all. */
  #optionsFor(own: SdkDescriptor, scope: InstrumentationScope): ViewOptions | undefined {
    const kind = own.type.toLowerCase() as InstrumentKind;
    const changed = this.#change({ ...own, kind, boundaries: [] }, scope);
    if (changed === undefined) return { aggregation: { type: AggregationType.DROP } };
    const { name, description, droppedAttributes, cardinalityLimit } = changed;
    const options: ViewOptions = {
      ...(name !== own.name && { name }),
      ...(description !== own.description && { description }),
      ...(kind === "histogram" && histogramOf(changed)),
      ...(droppedAttributes !== undefined && {
        attributesProcessors: [{ process: (all) => without(all, droppedAttributes) }],
      }),
      ...(cardinalityLimit !== undefined && { aggregationCardinalityLimit: cardinalityLimit }),
    };
    return Object.keys(options).length === 0 ? undefined : options;
  }

  #change(
    descriptor: InstrumentDescriptor,
    scope: InstrumentationScope,
  ): InstrumentDescriptor | undefined {
    const configured = this.#configured;
    const changed = configured && applyViews(configured, descriptor, scope);
    if (configured !== undefined && changed === undefined) return undefined;
    return applyDeclaredViews(this.#added, changed ?? descriptor, scope);
  }
}

function histogramOf({
  boundaries,
  hasViewBoundaries,
  isExponential,
}: InstrumentDescriptor): Pick<ViewOptions, "aggregation"> {
  if (isExponential === true)
    return { aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } };
  if (hasViewBoundaries !== true) return {};
  const options = { boundaries: [...boundaries] };
  return { aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options } };
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
