import type { TraceState } from "@opentelemetry/api";
import type { Sampler } from "@opentelemetry/sdk-trace";
import type { SamplerName } from "../../config/config.ts";
import { AlwaysOffSampler, AlwaysOnSampler } from "./constant.ts";
import { ParentBasedSampler } from "./parent-based.ts";
import { TraceIdRatioBasedSampler } from "./trace-id-ratio.ts";
import { probabilityOfThreshold, samplingStateOf } from "./threshold.ts";

/**
 * The sampler that `OTEL_TRACES_SAMPLER` names; `ratio` is from 0 to 1 and
 * only looked at by the `traceidratio` ones.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers
 */
export function createSampler({ name, ratio }: SamplerConfig): Sampler {
  return samplers[name](ratio);
}

export interface SamplerConfig {
  readonly name: SamplerName;
  readonly ratio: number;
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
 * The probability, above 0 to 1, with which a sampled trace was kept, as its
 * tracestate has it (`ot=th:`); undefined if it doesn't say.
 */
export function probabilityOf(traceState: TraceState | undefined): number | undefined {
  if (traceState === undefined) return undefined;
  const { threshold } = samplingStateOf(traceState);
  return threshold === undefined ? undefined : probabilityOfThreshold(threshold);
}
