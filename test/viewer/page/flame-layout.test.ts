import assert from "node:assert/strict";
import type { FlameNode } from "../../../src/viewer/model.ts";
import { boxAt, flameBoxes, pathTo } from "../../../src/viewer/page/views/profile/flame-layout.ts";

function node(name: string, value: number, children: readonly FlameNode[] = []): FlameNode {
  return { name, value, self: 0, children };
}

const leaf = node("leaf", 20);
const inner = node("inner", 40, [leaf]);
const root = node("root", 100, [node("first", 60), inner]);

describe("A flame graph", () => {
  it("places children side by side below their parent", () => {
    const boxes = flameBoxes([root]).map(
      ({ node: { name }, depth, x, width }) => `${name} ${depth} ${x} ${width}`,
    );
    assert.deepEqual(
      new Set(boxes),
      new Set(["root 0 0 1", "first 1 0 0.6", "inner 1 0.6 0.4", "leaf 2 0.6 0.2"]),
    );
  });

  it("makes one node as wide as the whole, with its ancestors above it", () => {
    const path = pathTo(root, inner);
    assert.deepEqual(path, [root, inner]);
    const boxes = flameBoxes(path);
    assert.deepEqual(
      boxes.map(({ node: { name }, width }) => [name, width]),
      [
        ["root", 1],
        ["inner", 1],
        ["leaf", 0.5],
      ],
    );
    assert.equal(boxAt(boxes, 0.4, 2)?.node, leaf);
    assert.equal(boxAt(boxes, 0.6, 2), undefined);
  });

  it("leaves out what is too narrow to be seen, and stacks that are too deep", () => {
    const narrow = node("root", 1_000_000, [node("narrow", 1)]);
    assert.equal(flameBoxes([narrow]).length, 1);
    let deep = node("bottom", 1);
    for (let depth = 0; depth < 5_000; depth += 1) deep = node("frame", 1, [deep]);
    assert.equal(flameBoxes([deep]).length, 401);
  });
});
