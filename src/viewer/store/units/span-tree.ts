import { beginsUnit, byStart, createNode, type LogFacts, type SpanNode } from "./span-node.ts";
import type { Origin } from "../items/otlp-items.ts";
import type { SpanFacts } from "./span-facts.ts";

/**
 * The spans of a trace in the order of their arrival: children before their parents,
 * late ones, and those whose parent never arrives. Spans of one unit of work may
 * arrive in several batches.
 */
export class SpanTree {
  readonly #nodes = new Map<string, SpanNode>();
  /** Spans whose parent has not arrived, by its id. */
  readonly #waiting = new Map<string, SpanNode[]>();
  /** Log records whose span has not arrived, by its id; `""` for records without a span. */
  readonly #waitingLogs = new Map<string, LogFacts[]>();
  /** Span ids of the roots of units of work that have changed, also of those that are none any more. */
  #changed = new Set<string>();
  logCount = 0;

  get size(): number {
    return this.#nodes.size;
  }

  node(spanId: string): SpanNode | undefined {
    return this.#nodes.get(spanId);
  }

  /** @returns false if the tree has the span; the new one takes its place */
  add(facts: SpanFacts, resource: Origin): boolean {
    const known = this.#nodes.get(facts.spanId);
    const node = createNode(facts, resource);
    if (known !== undefined) this.#replace(known, node);
    this.#adopt(node, this.#waiting.get(facts.spanId));
    this.#waiting.delete(facts.spanId);
    this.#attach(node);
    this.#nodes.set(facts.spanId, node);
    const logs = this.#waitingLogs.get(facts.spanId);
    if (logs !== undefined) node.logs.push(...logs);
    this.#waitingLogs.delete(facts.spanId);
    this.#markChanged(node);
    return known === undefined;
  }

  addLog(log: LogFacts): void {
    this.logCount++;
    const node = this.#nodes.get(log.spanId);
    if (node === undefined) append(this.#waitingLogs, log.spanId, log);
    else {
      node.logs.push(log);
      this.#markChanged(node);
    }
  }

  /** Returns the log records that belong to the trace and to no span of it. */
  get logsWithoutSpan(): readonly LogFacts[] {
    return this.#waitingLogs.get("") ?? [];
  }

  /** Returns whether spans wait for their parent and are in no unit of work. */
  get hasOrphans(): boolean {
    return this.orphanGroups().length > 0;
  }

  /** Returns the spans that are in no unit of work, those of one missing parent together. */
  orphanGroups(): SpanNode[][] {
    return [...this.#waiting.values()]
      .map((nodes) => nodes.filter((node) => !beginsUnit(node)))
      .filter((nodes) => nodes.length > 0)
      .map((nodes) => nodes.toSorted(byStart));
  }

  /** Returns the roots whose units of work have changed since the last call. */
  takeChanged(): Set<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Returns the roots of units of work whose parent in this tree is none. */
  roots(): SpanNode[] {
    return [...this.#nodes.values()].filter((node) => node.parent === undefined);
  }

  #replace(known: SpanNode, node: SpanNode): void {
    node.logs.push(...known.logs);
    this.#adopt(node, known.children);
    if (known.parent !== undefined) remove(known.parent.children, known);
    const waiting = this.#waiting.get(known.facts.parentSpanId);
    if (waiting !== undefined) remove(waiting, known);
  }

  #adopt(node: SpanNode, children: readonly SpanNode[] | undefined): void {
    for (const child of children ?? []) {
      if (child.parent === node) continue;
      child.parent = node;
      node.children.push(child);
      // It may have been the root of a unit of work, and may be none now.
      this.#changed.add(child.facts.spanId);
    }
  }

  #attach(node: SpanNode): void {
    const { parentSpanId } = node.facts;
    if (parentSpanId === "") return;
    const parent = this.#nodes.get(parentSpanId);
    if (parent === undefined) {
      append(this.#waiting, parentSpanId, node);
      return;
    }
    const circle = node.children.length > 0 ? pathTo(node, parent) : undefined;
    node.parent = parent;
    parent.children.push(node);
    if (circle !== undefined) this.#detach(circle.reduce(earlier));
  }

  /** Treats a span as one whose parent has not arrived. */
  #detach(node: SpanNode): void {
    const { parent } = node;
    node.parent = undefined;
    append(this.#waiting, node.facts.parentSpanId, node);
    this.#markChanged(node);
    if (parent === undefined) return;
    remove(parent.children, node);
    this.#markChanged(parent);
  }

  /** Marks the units of work around a span, in all services. */
  #markChanged(node: SpanNode): void {
    for (let at: SpanNode | undefined = node; at !== undefined; at = at.parent) {
      if (at === node || beginsUnit(at)) this.#changed.add(at.facts.spanId);
    }
  }
}

/**
 * Returns the spans from one below another up to that one; undefined if it is not below it.
 * Hostile ids may form a circle, which is cut at the same span in any order of arrival.
 */
function pathTo(above: SpanNode, below: SpanNode): SpanNode[] | undefined {
  const path: SpanNode[] = [];
  for (let at: SpanNode | undefined = below; at !== undefined; at = at.parent) {
    path.push(at);
    if (at === above) return path;
  }
  return undefined;
}

function earlier(one: SpanNode, other: SpanNode): SpanNode {
  return byStart(one, other) < 0 ? one : other;
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function remove<Value>(list: Value[], value: Value): void {
  const index = list.indexOf(value);
  if (index >= 0) list.splice(index, 1);
}
