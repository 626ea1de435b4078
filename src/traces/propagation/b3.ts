import {
  B3_CONTEXT_HEADER,
  B3InjectEncoding,
  B3Propagator,
  X_B3_FLAGS,
  X_B3_SAMPLED,
  X_B3_SPAN_ID,
  X_B3_TRACE_ID,
} from "@opentelemetry/propagator-b3";
import { SafePropagator } from "./safe-propagator.ts";

const EXTRACT_FIELDS = [B3_CONTEXT_HEADER, X_B3_TRACE_ID, X_B3_SPAN_ID, X_B3_SAMPLED, X_B3_FLAGS];

/**
 * Creates a propagator that extracts both forms; `b3` injects the single header,
 * `b3multi` the separate ones.
 *
 * https://github.com/openzipkin/b3-propagation
 */
export function createB3Propagator(name: "b3" | "b3multi"): SafePropagator {
  const injectEncoding =
    name === "b3" ? B3InjectEncoding.SINGLE_HEADER : B3InjectEncoding.MULTI_HEADER;
  return new SafePropagator(new B3Propagator({ injectEncoding }), EXTRACT_FIELDS, lowerCase);
}

/** Converts ids in upper case, which some senders use though B3 and W3C require lower case. */
function lowerCase(header: string): string {
  return header.toLowerCase();
}
