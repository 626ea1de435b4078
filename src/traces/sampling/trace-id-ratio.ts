import type { Context, TraceState } from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import { spanIn } from "../../context/context.ts";
import { TraceStateImpl } from "../propagation/trace-state.ts";
import { NOT_RECORD, NOT_SAMPLED_RESULT, RECORD_AND_SAMPLED } from "./decision.ts";
import {
  meetsThreshold,
  type SamplingState,
  samplingStateOf,
  type Threshold,
  thresholdOf,
  withThreshold,
} from "./threshold.ts";

/**
 * Keeps a ratio of all traces by the randomness of their ids (or the `rv` of
 * their tracestate), and records the threshold in the tracestate (`ot=th:`), so
 * that a backend can weight a kept trace by the number of traces it represents.
 * The decision of a parent is ignored.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased
 */
export class TraceIdRatioBasedSampler implements Sampler {
  readonly #ratio: number;
  readonly #threshold: Threshold | undefined;
  /** The result for a kept trace without a tracestate: the same for all. */
  readonly #sampledResult: SamplingResult;

  /** @param ratio from 0 to 1; below 2^-56, or NaN, keeps nothing. */
  constructor(ratio: number) {
    this.#ratio = ratio;
    this.#threshold = thresholdOf(ratio);
    const traceState = withThreshold(new TraceStateImpl(""), this.#threshold);
    this.#sampledResult = Object.freeze({ decision: RECORD_AND_SAMPLED, traceState });
  }

  shouldSample(context: Context, traceId: string): SamplingResult {
    const threshold = this.#threshold;
    const traceState = traceStateIn(context, traceId);
    if (traceState === undefined) {
      return threshold !== undefined && meetsThreshold(threshold, traceId, undefined)
        ? this.#sampledResult
        : NOT_SAMPLED_RESULT;
    }
    const state = samplingStateOf(traceState);
    return threshold !== undefined && meetsThreshold(threshold, traceId, state.randomness)
      ? resultOf(RECORD_AND_SAMPLED, traceState, state, threshold)
      : resultOf(NOT_RECORD, traceState, state, undefined);
  }

  toString(): string {
    return `TraceIdRatioBased{${this.#ratio}}`;
  }
}

/** Returns the tracestate of the new span's trace. */
function traceStateIn(context: Context, traceId: string): TraceState | undefined {
  const parent = spanIn(context)?.spanContext();
  return parent?.traceId === traceId ? parent.traceState : undefined;
}

function resultOf(
  decision: number,
  traceState: TraceState,
  state: SamplingState,
  threshold: Threshold | undefined,
): SamplingResult {
  const isUpToDate = threshold === undefined ? !state.hasThreshold : state.threshold === threshold;
  return { decision, traceState: isUpToDate ? traceState : withThreshold(traceState, threshold) };
}
