import type { AttributeValue } from "@opentelemetry/api";

/*
 * Attributes of spans that only the viewer receives: parameters of queries, call sites,
 * headers. They are kept beside the span, which other exporters read.
 */

/** Names and values in turn. */
type Pairs = (string | AttributeValue)[];

/** A span of telltale's own has them itself: a weak map costs a microsecond for each. */
interface SpanWithAttributes {
  viewerAttributes: Pairs | undefined;
}

/** Those of spans of other tracers, beside them. None outlives its span. */
const pairsBySpan = new WeakMap<object, Pairs>();

/**
 * Adds attributes that only the viewer receives, names and values in turn, in a list
 * that is kept. The caller removes secrets.
 */
export function addViewerAttributes(span: object, pairs: Pairs): void {
  const known = pairsOf(span);
  if (known !== undefined) for (const item of pairs) known.push(item);
  else if (isOwn(span)) span.viewerAttributes = pairs;
  else pairsBySpan.set(span, pairs);
}

/** Returns the attributes that only the viewer receives, names and values in turn. */
export function viewerAttributesOf(span: object): readonly unknown[] | undefined {
  return pairsOf(span);
}

function pairsOf(span: object): Pairs | undefined {
  return isOwn(span) ? span.viewerAttributes : pairsBySpan.get(span);
}

function isOwn(span: object): span is SpanWithAttributes {
  return "viewerAttributes" in span;
}
