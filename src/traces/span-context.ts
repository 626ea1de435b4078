import type { Span, SpanContext, TraceState } from "@opentelemetry/api";
import type { SamplingResult } from "@opentelemetry/sdk-trace";
import { hasRandomIds, newSpanId } from "./ids.ts";
import { hasValidIds } from "./propagation/trace-context.ts";
import { TraceStateImpl } from "./propagation/trace-state.ts";
import { RECORD_AND_SAMPLED } from "./sampling/decision.ts";
import { RANDOM_FLAG, SAMPLED_FLAG } from "./trace-flags.ts";

/** Creates the context of a new span, with the flags and tracestate of the sampling result. */
export function newSpanContext(
  traceId: string,
  parent: SpanContext | undefined,
  result: SamplingResult,
): SpanContext {
  const sampled = result.decision === RECORD_AND_SAMPLED ? SAMPLED_FLAG : 0;
  const random = parent === undefined ? rootRandomFlag() : parent.traceFlags & RANDOM_FLAG;
  const traceState = result.traceState ?? parent?.traceState;
  return traceState === undefined
    ? { traceId, spanId: newSpanId(), traceFlags: sampled | random }
    : { traceId, spanId: newSpanId(), traceFlags: sampled | random, traceState };
}

function rootRandomFlag(): number {
  return hasRandomIds() ? RANDOM_FLAG : 0;
}

/** Returns the context of a remote or third-party parent, or undefined if its ids are invalid. */
export function validParentContext(parent: Span | undefined): SpanContext | undefined {
  if (parent === undefined) return undefined;
  const context = parent.spanContext();
  if (!hasValidIds(context)) return undefined;
  const { traceState, traceFlags } = context;
  const isClean =
    typeof traceFlags === "number" && (traceState === undefined || isTraceState(traceState));
  return isClean ? context : sanitizedContext(context);
}

/** Checks the methods that samplers and exporters call: another copy of the API, or the app, may have created it. */
function isTraceState(value: TraceState): boolean {
  try {
    if (value instanceof TraceStateImpl) return true;
    const own: unknown = value.get("ot");
    const isReadable = own === undefined || typeof own === "string";
    return isReadable && typeof value.serialize() === "string";
  } catch {
    return false;
  }
}

/** Returns a copy of an invalid context with its valid fields only. */
function sanitizedContext({
  traceId,
  spanId,
  traceFlags,
  isRemote,
  traceState,
}: SpanContext): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: typeof traceFlags === "number" ? traceFlags : 0,
    ...(isRemote === true && { isRemote }),
    ...(traceState !== undefined && isTraceState(traceState) && { traceState }),
  };
}
