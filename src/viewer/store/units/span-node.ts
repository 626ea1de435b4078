import type { Origin } from "../items/otlp-items.ts";
import { runIdOf } from "./service.ts";
import type { SpanFacts } from "./span-facts.ts";

/** A log record of a trace, as far as lists and counts need it. */
export interface LogFacts {
  readonly spanId: string;
  /** Undefined if the record is no error. */
  readonly errorKey: string | undefined;
}

/** A span in the tree of its trace. */
export interface SpanNode {
  readonly facts: SpanFacts;
  readonly resource: Origin;
  parent: SpanNode | undefined;
  readonly children: SpanNode[];
  readonly logs: LogFacts[];
}

export function createNode(facts: SpanFacts, resource: Origin): SpanNode {
  return { facts, resource, parent: undefined, children: [], logs: [] };
}

/**
 * Returns whether a span begins a unit of work: a request or a message that its process
 * has received, or work without a parent.
 */
export function beginsUnit(node: SpanNode): boolean {
  const { kind, parentSpanId, hasRemoteParent } = node.facts;
  if (parentSpanId === "") return true;
  if (kind !== "server" && kind !== "consumer") return hasRemoteParent === true;
  if (hasRemoteParent !== undefined) return hasRemoteParent;
  return node.parent === undefined || !isLocalParent(node.parent, node);
}

/** A call leaves the process, even if the same service answers it. */
function isLocalParent(parent: SpanNode, node: SpanNode): boolean {
  if (parent.facts.kind === "client" || parent.facts.kind === "producer") return false;
  return runIdOf(parent.resource.attributes) === runIdOf(node.resource.attributes);
}

/** Visits the spans below and including the roots, each parent before its children. */
export function forEachBelow(
  roots: readonly SpanNode[],
  visit: (node: SpanNode, depth: number) => void,
): void {
  const stack = roots.toReversed().map((node) => ({ node, depth: 0 }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth } = next;
    visit(node, depth);
    const { children } = node;
    for (let index = children.length - 1; index >= 0; index--) {
      const child = children[index];
      if (child !== undefined) stack.push({ node: child, depth: depth + 1 });
    }
  }
}

/** Compares spans by their start; of two that start at once, the order is that of their ids. */
export function byStart(a: SpanNode, b: SpanNode): number {
  return a.facts.start - b.facts.start || (a.facts.spanId < b.facts.spanId ? -1 : 1);
}
