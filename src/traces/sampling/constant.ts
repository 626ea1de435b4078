import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import { NOT_SAMPLED_RESULT, SAMPLED_RESULT } from "./decision.ts";

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
