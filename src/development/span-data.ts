/*
 * Attributes of spans that only the viewer receives: parameters of queries, call sites,
 * headers. They are kept beside the span, which other exporters read.
 */

/**
 * Creates attributes when they are read, those of many spans in one go: in the middle of a
 * request it finds the processor's caches full of the app's code.
 */
export interface AttributeSource {
  /**
   * Adds names and values in turn. Must not throw.
   *
   * @param data what was added with the source
   */
  addTo(attributes: unknown[], data: unknown): void;
}

/** Names and values in turn; sources have their data in the place of the value. */
type Pairs = unknown[];

/** A span of telltale's own has them itself: a weak map costs a microsecond for each. */
interface SpanWithAttributes {
  viewerAttributes: Pairs | undefined;
}

/** Those of spans of other tracers, beside them. None outlives its span. */
const pairsBySpan = new WeakMap<object, Pairs>();

/**
 * Adds attributes that only the viewer receives: names and values in turn, or sources and their
 * data, in a list that is kept. The caller removes secrets.
 */
export function addViewerAttributes(span: object, pairs: Pairs): void {
  const known = pairsOf(span);
  if (known !== undefined) for (const item of pairs) known.push(item);
  else if (isOwn(span)) span.viewerAttributes = pairs;
  else pairsBySpan.set(span, pairs);
}

/** Returns the attributes that only the viewer receives, names and values in turn. */
export function viewerAttributesOf(span: object): readonly unknown[] | undefined {
  const pairs = pairsOf(span);
  if (pairs === undefined) return undefined;
  const attributes: unknown[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const name = pairs[at];
    if (typeof name === "string") attributes.push(name, pairs[at + 1]);
    else (name as AttributeSource).addTo(attributes, pairs[at + 1]);
  }
  return attributes;
}

function pairsOf(span: object): Pairs | undefined {
  return isOwn(span) ? span.viewerAttributes : pairsBySpan.get(span);
}

function isOwn(span: object): span is SpanWithAttributes {
  return "viewerAttributes" in span;
}
