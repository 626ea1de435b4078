import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";

/**
 * `SamplingDecision` of the SDK, without loading it. The results are shared and
 * frozen: sampling must not allocate.
 */
export const NOT_SAMPLED_RESULT: SamplingResult = Object.freeze({ decision: 0 });
export const SAMPLED_RESULT: SamplingResult = Object.freeze({ decision: 2 });

export class AlwaysOnSampler implements Sampler {
  shouldSample(): SamplingResult {
    return SAMPLED_RESULT;
  }

  toString(): string {
    return "AlwaysOnSampler";
  }
}

export class AlwaysOffSampler implements Sampler {
  shouldSample(): SamplingResult {
    return NOT_SAMPLED_RESULT;
  }

  toString(): string {
    return "AlwaysOffSampler";
  }
}
