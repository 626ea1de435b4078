import type { SpanContext } from "@opentelemetry/api";

/**
 * Parents whose header has no sampling decision (a Sentry SDK without tracing):
 * the sampler decides as for a root. W3C's flags can't express it.
 */
const deferredParents = new WeakSet<SpanContext>();

export function deferDecision(parent: SpanContext): void {
  deferredParents.add(parent);
}

export function isDeferred(parent: SpanContext): boolean {
  return deferredParents.has(parent);
}
