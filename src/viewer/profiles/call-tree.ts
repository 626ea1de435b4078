/*
 * Profiles of V8 as one tree of calls: a CPU profile with milliseconds, an allocation
 * profile with bytes. Profiles come from other processes, so that nothing about their
 * form is taken for granted.
 */

/** A function of a profile, at the place of its definition. */
export interface Frame {
  readonly name: string;
  /** As V8 reports it: `file:///app/a.js`, `node:fs`, or empty for code of V8 itself. */
  readonly url: string;
  /** From 1; 0 if it is unknown, as is `column`. */
  readonly line: number;
  readonly column: number;
}

/** Calls of one function below the same callers. */
export interface CallNode {
  readonly frame: Frame;
  readonly children: CallNode[];
  /** Without its children. */
  self: number;
  /** With its children. */
  total: number;
}

export interface CallTree {
  readonly root: CallNode;
  readonly unit: "milliseconds" | "bytes";
  readonly samples: number;
  /** Time in which the thread waited for events, in milliseconds; it is not in the tree. */
  readonly idleMs: number;
}

/** Node's stacks are not deeper, except for those of a deep recursion. */
const MAX_DEPTH = 400;
const MAX_NODES = 300_000;

/** Returns the tree of a `.cpuprofile`; undefined if it is none. */
export function cpuCallTree(profile: unknown): CallTree | undefined {
  const { nodes, samples, timeDeltas, endTime, startTime } = recordOf(profile);
  if (!Array.isArray(nodes) || nodes.length === 0) return undefined;
  const byId = new Map<unknown, CallNode>();
  const listed: { readonly node: CallNode; readonly childIds: unknown }[] = [];
  for (const value of nodes.slice(0, MAX_NODES)) {
    const { id, callFrame, children } = recordOf(value);
    const node = newNode(frameOf(callFrame));
    if (byId.has(id)) continue;
    byId.set(id, node);
    listed.push({ node, childIds: children });
  }
  const root = listed[0]!.node;
  connect(root, listed, byId);
  addTimes(byId, {
    samples: numbersOf(samples),
    deltas: numbersOf(timeDeltas),
    lengthUs: numberOf(endTime) - numberOf(startTime),
  });
  const idle = root.children.filter(isIdle);
  const idleMs = idle.reduce((sum, { self }) => sum + self, 0);
  const count = Array.isArray(samples) ? samples.length : 0;
  return finish({ root: withoutIdle(root), unit: "milliseconds", samples: count, idleMs });
}

/** Returns the tree of a `.heapprofile`, of allocated bytes; undefined if it is none. */
export function allocationCallTree(profile: unknown): CallTree | undefined {
  const { head, samples } = recordOf(profile);
  if (typeof head !== "object" || head === null) return undefined;
  const root = newNode(frameOf(recordOf(head)["callFrame"]));
  const waiting: { readonly value: unknown; readonly node: CallNode; readonly depth: number }[] = [
    { value: head, node: root, depth: 0 },
  ];
  for (let at = 0; at < waiting.length && at < MAX_NODES; at++) {
    const { value, node, depth } = waiting[at]!;
    const { selfSize, children } = recordOf(value);
    node.self = numberOf(selfSize);
    if (!Array.isArray(children) || depth >= MAX_DEPTH) continue;
    for (const child of children as unknown[]) {
      const childNode = newNode(frameOf(recordOf(child)["callFrame"]));
      node.children.push(childNode);
      waiting.push({ value: child, node: childNode, depth: depth + 1 });
    }
  }
  const count = Array.isArray(samples) ? samples.length : 0;
  return finish({ root, unit: "bytes", samples: count, idleMs: 0 });
}

/** Calls `visit` with each node below a root, callers first, and with the functions above it. */
export function visitCalls(
  root: CallNode,
  visit: (node: CallNode, callers: readonly CallNode[]) => void,
): void {
  const callers: CallNode[] = [];
  const visitBelow = (node: CallNode): void => {
    for (const child of node.children) {
      visit(child, callers);
      callers.push(child);
      visitBelow(child);
      callers.pop();
    }
  };
  visitBelow(root);
}

/** Attaches children to their parents, each once: what is left over belongs to no stack. */
function connect(
  root: CallNode,
  listed: readonly { readonly node: CallNode; readonly childIds: unknown }[],
  byId: ReadonlyMap<unknown, CallNode>,
): void {
  const childIdsOf = new Map(listed.map(({ node, childIds }) => [node, childIds]));
  const placed = new Set<CallNode>([root]);
  let level = [root];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: CallNode[] = [];
    for (const node of level) {
      const ids = childIdsOf.get(node);
      for (const id of Array.isArray(ids) ? (ids as unknown[]) : []) {
        const child = byId.get(id);
        if (child === undefined || placed.has(child)) continue;
        placed.add(child);
        node.children.push(child);
        next.push(child);
      }
    }
    level = next;
  }
}

/** Adds the times of samples: each lasts until the next one, as in Chrome's panel. */
function addTimes(
  byId: ReadonlyMap<unknown, CallNode>,
  times: {
    readonly samples: readonly number[];
    readonly deltas: readonly number[];
    readonly lengthUs: number;
  },
): void {
  const { samples, deltas, lengthUs } = times;
  let sinceStart = 0;
  for (const [at, id] of samples.entries()) {
    sinceStart += Math.max(0, deltas[at] ?? 0);
    const next = deltas[at + 1];
    const lasted = next ?? lengthUs - sinceStart;
    const node = byId.get(id);
    if (node !== undefined) node.self += Math.max(0, lasted) / 1000;
  }
}

function isIdle({ frame: { name, url } }: CallNode): boolean {
  return name === "(idle)" && url === "";
}

function withoutIdle(root: CallNode): CallNode {
  return { ...root, children: root.children.filter((node) => !isIdle(node)) };
}

function finish(tree: CallTree): CallTree {
  setTotals(tree.root);
  return tree;
}

function setTotals(node: CallNode): number {
  node.total = node.self;
  for (const child of node.children) node.total += setTotals(child);
  return node.total;
}

function newNode(frame: Frame): CallNode {
  return { frame, children: [], self: 0, total: 0 };
}

const MAX_NAME_LENGTH = 200;
const MAX_URL_LENGTH = 1_000;

function frameOf(callFrame: unknown): Frame {
  const { functionName, url, lineNumber, columnNumber } = recordOf(callFrame);
  return {
    name: textOf(functionName, MAX_NAME_LENGTH) || "(anonymous)",
    url: textOf(url, MAX_URL_LENGTH),
    line: positionOf(lineNumber),
    column: positionOf(columnNumber),
  };
}

/** V8 counts from 0, and has -1 for code without a place. */
function positionOf(value: unknown): number {
  return typeof value === "number" && value >= 0 ? Math.trunc(value) + 1 : 0;
}

function textOf(value: unknown, maxLength: number): string {
  return typeof value === "string" ? value.slice(0, maxLength) : "";
}

function numbersOf(value: unknown): readonly number[] {
  return Array.isArray(value) ? (value as unknown[]).map(numberOf) : [];
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
