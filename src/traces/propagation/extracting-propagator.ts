import type { TextMapPropagator } from "@opentelemetry/api";

/** A propagator that may extract other headers than it injects. */
export interface ExtractingPropagator extends TextMapPropagator<unknown> {
  /** Returns the names in lower case, if they differ from `fields`. */
  extractFields?(): readonly string[];
}
