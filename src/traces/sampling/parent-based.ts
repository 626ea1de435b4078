import type { Attributes, Context, Link, SpanContext, SpanKind } from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import { spanIn } from "../../context/context.ts";
import { SAMPLED_FLAG } from "../trace-flags.ts";
import { NOT_SAMPLED_RESULT, SAMPLED_RESULT } from "./decision.ts";
import { isDeferred } from "./deferred.ts";
import { meetsThreshold, samplingStateOf, withThreshold } from "./threshold.ts";

/**
 * Follows the decision of the parent; for a span without a parent, that of the
 * sampler `root`.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased
 */
export class ParentBasedSampler implements Sampler {
  readonly #root: Sampler;

  constructor(root: Sampler) {
    this.#root = root;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const parent = spanIn(context)?.spanContext();
    // Another trace id means that the span starts a new trace.
    if (parent === undefined || parent.traceId !== traceId) {
      return this.#root.shouldSample(context, traceId, name, kind, attributes, links);
    }
    const result = (parent.traceFlags & SAMPLED_FLAG) === 0 ? NOT_SAMPLED_RESULT : SAMPLED_RESULT;
    if (parent.isRemote !== true) return result;
    if (result === NOT_SAMPLED_RESULT && isDeferred(parent)) {
      return this.#root.shouldSample(context, traceId, name, kind, attributes, links);
    }
    return parent.traceState === undefined ? result : withConsistentThreshold(parent, result);
  }

  toString(): string {
    return `ParentBased{root=${this.#root.toString()}}`;
  }
}

/**
 * Removes from the tracestate a threshold that contradicts the sampled flag or is
 * malformed: it does not state the trace's probability.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#general-requirements
 */
function withConsistentThreshold(parent: SpanContext, result: SamplingResult): SamplingResult {
  const { traceState, traceId } = parent;
  if (traceState === undefined) return result;
  const { threshold, randomness, hasThreshold } = samplingStateOf(traceState);
  if (!hasThreshold) return result;
  const isConsistent =
    result === SAMPLED_RESULT &&
    threshold !== undefined &&
    meetsThreshold(threshold, traceId, randomness);
  return isConsistent
    ? result
    : { decision: result.decision, traceState: withThreshold(traceState, undefined) };
}
