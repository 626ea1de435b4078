import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";

/**
 * `SamplingDecision` of the SDK, without loading it. The results are shared and
 * frozen: sampling must not allocate.
 */
export const NOT_SAMPLED: SamplingResult = Object.freeze({ decision: 0 });
export const SAMPLED: SamplingResult = Object.freeze({ decision: 2 });

export class AlwaysOn implements Sampler {
  shouldSample(): SamplingResult {
    return SAMPLED;
  }

  toString(): string {
    return "AlwaysOnSampler";
  }
}

export class AlwaysOff implements Sampler {
  shouldSample(): SamplingResult {
    return NOT_SAMPLED;
  }

  toString(): string {
    return "AlwaysOffSampler";
  }
}
