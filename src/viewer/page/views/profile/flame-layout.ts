import type { FlameNode } from "../../../model.ts";

/** A box of a flame graph. `x` and `width` are shares of the whole width. */
export interface FlameBox {
  readonly node: FlameNode;
  readonly depth: number;
  readonly x: number;
  readonly width: number;
}

/** Deeper stacks are cut: no one reads them, and a canvas has a greatest height. */
const MAX_DEPTH = 400;

/** Narrower boxes are left out: they would not be seen. */
const MIN_WIDTH = 0.0004;

/**
 * Returns the boxes of a graph with `path.at(-1)` as wide as the whole; its ancestors above
 * it are as wide.
 *
 * @param path from the root to the node that is shown, both included.
 */
export function flameBoxes(path: readonly FlameNode[]): FlameBox[] {
  const boxes: FlameBox[] = path.map((node, depth) => ({ node, depth, x: 0, width: 1 }));
  const shown = path.at(-1);
  if (shown === undefined) return boxes;
  const waiting = [...boxes.slice(-1)];
  for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
    let { x } = box;
    for (const child of box.node.children) {
      const width = shown.value === 0 ? 0 : child.value / shown.value;
      const inner = { node: child, depth: box.depth + 1, x, width };
      x += width;
      if (width < MIN_WIDTH || inner.depth > MAX_DEPTH) continue;
      boxes.push(inner);
      waiting.push(inner);
    }
  }
  return boxes;
}

/** Returns the path from the root to a node, both included. */
export function pathTo(root: FlameNode, node: FlameNode): readonly FlameNode[] {
  const parents = new Map<FlameNode, FlameNode>();
  const waiting = [root];
  for (let next = waiting.pop(); next !== undefined && next !== node; next = waiting.pop()) {
    for (const child of next.children) {
      parents.set(child, next);
      waiting.push(child);
    }
  }
  const path: FlameNode[] = [];
  for (let at: FlameNode | undefined = node; at !== undefined; at = parents.get(at))
    path.unshift(at);
  return path;
}

export function boxAt(boxes: readonly FlameBox[], x: number, depth: number): FlameBox | undefined {
  return boxes.find((box) => box.depth === depth && x >= box.x && x < box.x + box.width);
}

/** A hue for a package, the same each time. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 360;
  return hash;
}
