import type { SpanContext } from "@opentelemetry/api";

/**
 * Parents whose header said neither yes nor no (a Sentry SDK without tracing):
 * the decision is ours, as for a root. W3C's flags have no word for it.
 */
const deferredParents = new WeakSet<SpanContext>();

export function deferDecision(parent: SpanContext): void {
  deferredParents.add(parent);
}

export function isDeferred(parent: SpanContext): boolean {
  return deferredParents.has(parent);
}
