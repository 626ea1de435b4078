import type { FlameNode } from "../model.ts";
import { type CallNode, visitCalls } from "./call-tree.ts";
import type { FramePlaces, PlacedFrame } from "./frame-place.ts";

/** Below a thousandth nothing can be seen or clicked, at 1,920 pixels. */
const MIN_SHARE = 0.001;

/** Maximum number of nodes: 400 bytes each, for most. */
const MAX_NODES = 1_200;

/** Maximum size of the JSON, in characters. */
const MAX_JSON = 450_000;

/** Returns the flame graph of a tree: equal calls merged, small ones and those without a value left out. */
export function flameGraph(root: CallNode, places: FramePlaces): FlameNode {
  const merged = merge([root], { name: "all" }, places);
  for (let max = MAX_NODES; ; max = Math.floor(max / 2)) {
    const graph = prune(merged, smallestShown(merged, max));
    if (max <= 1 || JSON.stringify(graph).length <= MAX_JSON) return graph;
  }
}

interface MergedNode extends PlacedFrame {
  readonly value: number;
  readonly self: number;
  readonly children: readonly MergedNode[];
}

/** V8 has one function several times below a caller, for each version of its code. */
function merge(nodes: readonly CallNode[], frame: PlacedFrame, places: FramePlaces): MergedNode {
  const groups = new Map<PlacedFrame, CallNode[]>();
  for (const { children } of nodes) {
    for (const child of children) {
      const placed = places.of(child.frame);
      const group = groups.get(placed);
      if (group === undefined) groups.set(placed, [child]);
      else group.push(child);
    }
  }
  return {
    ...frame,
    value: sumOf(nodes, "total"),
    self: sumOf(nodes, "self"),
    children: [...groups].map(([placed, group]) => merge(group, placed, places)),
  };
}

function sumOf(nodes: readonly CallNode[], key: "self" | "total"): number {
  return nodes.reduce((sum, node) => sum + node[key], 0);
}

/** Returns the value from which on nodes are shown. */
function smallestShown(root: MergedNode, maxCount: number): number {
  const values: number[] = [];
  const collect = (node: MergedNode): void => {
    values.push(node.value);
    node.children.forEach(collect);
  };
  collect(root);
  values.sort((a, b) => b - a);
  const first = values[maxCount];
  // Equal values are all left out, as a recursion may have thousands of them.
  return Math.max(root.value * MIN_SHARE, first === undefined ? 0 : first * (1 + 1e-9));
}

function prune(node: MergedNode, minimum: number): FlameNode {
  const children = node.children
    .filter(({ value }) => value > 0 && value >= minimum)
    .toSorted((a, b) => b.value - a.value);
  return {
    ...node,
    value: rounded(node.value),
    self: rounded(node.self),
    children: children.map((child) => prune(child, minimum)),
  };
}

/** Microseconds, or bytes. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Values of one function, package or file. */
export interface Share {
  readonly self: number;
  readonly total: number;
}

/** Returns the values of all functions; one that calls itself counts once for each stack. */
export function functionShares(
  root: CallNode,
  places: FramePlaces,
): ReadonlyMap<PlacedFrame, Share> {
  const shares = new Map<PlacedFrame, { self: number; total: number }>();
  visitCalls(root, (node, callers) => {
    const placed = places.of(node.frame);
    let share = shares.get(placed);
    if (share === undefined) shares.set(placed, (share = { self: 0, total: 0 }));
    share.self += node.self;
    if (!callers.some((caller) => places.of(caller.frame) === placed)) share.total += node.total;
  });
  return shares;
}
