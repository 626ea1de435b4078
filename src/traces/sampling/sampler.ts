import type { SpanContext, TraceState } from "@opentelemetry/api";
import type { Sampler } from "@opentelemetry/sdk-trace";
import type { SamplerName, SamplerSpec } from "../../config/config.ts";
import { lazy } from "../../lazy.ts";
import { AlwaysOffSampler, AlwaysOnSampler } from "./constant.ts";
import { isDeferred } from "./deferred.ts";
import { ParentBasedSampler } from "./parent-based.ts";
import { TraceIdRatioBasedSampler } from "./trace-id-ratio.ts";
import { probabilityOfThreshold, samplingStateOf, thresholdOf } from "./threshold.ts";

/** Loaded only for a sampler of a configuration file that has no name. */
const loadConfigured = lazy<typeof import("./configured.ts")>("traces/sampling/configured.ts");

/**
 * Creates the sampler of `OTEL_TRACES_SAMPLER`. Only the `traceidratio` samplers
 * read `ratio`, from 0 to 1.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers
 */
export function createSampler({ name, ratio, spec }: SamplerConfig): Sampler {
  return spec === undefined
    ? samplers[name](ratio)
    : loadConfigured().createConfiguredSampler(spec);
}

export interface SamplerConfig {
  readonly name: SamplerName;
  readonly ratio: number;
  /** The sampler of a configuration file, in place of the named one. */
  readonly spec?: SamplerSpec | undefined;
}

const samplers: Readonly<Record<SamplerName, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler(new AlwaysOnSampler()),
  parentbased_always_off: () => new ParentBasedSampler(new AlwaysOffSampler()),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio)),
};

/**
 * Returns the probability, from 0 to 1, with which a sampler keeps a trace, by its remote
 * parent. It is unknown where the parent has decided.
 */
export function headProbability({
  name,
  ratio,
  spec,
}: SamplerConfig): (parent: SpanContext | undefined) => number | undefined {
  if (spec !== undefined) return () => undefined;
  const threshold = name.endsWith("traceidratio") ? thresholdOf(ratio) : undefined;
  const constant = name.endsWith("always_on") ? 1 : 0;
  // As in the tracestate, where the ratio is rounded.
  const probability = threshold === undefined ? constant : probabilityOfThreshold(threshold);
  if (!name.startsWith("parentbased")) return () => probability;
  return (parent) => (parent === undefined || isDeferred(parent) ? probability : undefined);
}

/**
 * Returns the probability, above 0 to 1, with which a sampled trace was kept,
 * from its tracestate (`ot=th:`); undefined without a threshold.
 */
export function probabilityOf(traceState: TraceState | undefined): number | undefined {
  if (traceState === undefined) return undefined;
  const { threshold } = samplingStateOf(traceState);
  return threshold === undefined ? undefined : probabilityOfThreshold(threshold);
}
