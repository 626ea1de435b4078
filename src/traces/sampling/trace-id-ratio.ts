import type { Context, TraceState } from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import { spanIn } from "../../context/context.ts";
import { TraceStateImpl } from "../propagation/trace-state.ts";
import { NOT_SAMPLED_RESULT } from "./constant.ts";
import {
  meetsThreshold,
  type SamplingState,
  samplingStateOf,
  type Threshold,
  thresholdOf,
  withThreshold,
} from "./threshold.ts";

const SAMPLED_DECISION = 2;
const NOT_SAMPLED_DECISION = 0;

/**
 * Keeps a share of all traces by the randomness that their ids (or the `rv` of
 * their tracestate) carry, and says so in the tracestate (`ot=th:`), so that
 * whoever counts can weigh a kept trace by what it stands for. The decision of
 * a parent is not looked at.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased
 */
export class TraceIdRatioBasedSampler implements Sampler {
  readonly #ratio: number;
  readonly #threshold: Threshold | undefined;
  /** What a kept trace without a tracestate gets: the same for all. */
  readonly #sampledResult: SamplingResult;

  /** @param ratio from 0 to 1; what is below 2^-56, or no number, keeps nothing */
  constructor(ratio: number) {
    this.#ratio = ratio;
    this.#threshold = thresholdOf(ratio);
    const traceState = withThreshold(new TraceStateImpl(""), this.#threshold);
    this.#sampledResult = Object.freeze({ decision: SAMPLED_DECISION, traceState });
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
      ? resultOf(SAMPLED_DECISION, traceState, state, threshold)
      : resultOf(NOT_SAMPLED_DECISION, traceState, state, undefined);
  }

  toString(): string {
    return `TraceIdRatioBased{${this.#ratio}}`;
  }
}

/** The tracestate of the trace that the new span belongs to. */
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
