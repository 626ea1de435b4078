import type { SamplingResult } from "@opentelemetry/sdk-trace";

/** `SamplingDecision` of the SDK, without loading it. */
export const NOT_RECORD = 0;
export const RECORD_AND_SAMPLED = 2;

/** Results without attributes and tracestate; shared and frozen, as sampling must not allocate. */
export const NOT_SAMPLED_RESULT: SamplingResult = Object.freeze({ decision: NOT_RECORD });
export const SAMPLED_RESULT: SamplingResult = Object.freeze({ decision: RECORD_AND_SAMPLED });
