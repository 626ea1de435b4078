import type { TextMapPropagator } from "@opentelemetry/api";

/** A propagator that may read other headers than the ones it writes. */
export interface ExtractingPropagator extends TextMapPropagator<unknown> {
  /** Names in lower case, where they aren't those of `fields`. */
  extractFields?(): readonly string[];
}
