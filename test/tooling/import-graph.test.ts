import assert from "node:assert/strict";
import { join } from "node:path";
import { circlesIn, importGraph } from "../../scripts/import-graph.ts";
import { root } from "../../scripts/node.mjs";

/** Graphs by their arrows, and the circles in them. */
const graphs: readonly { title: string; arrows: Record<string, string[]>; circles: string[][] }[] =
  [
    { title: "are none in a chain", arrows: { a: ["b"], b: ["c"], c: [] }, circles: [] },
    {
      title: "are none for two paths to one file",
      arrows: { a: ["b", "c"], b: ["d"], c: ["d"], d: [] },
      circles: [],
    },
    {
      title: "include two files that import each other",
      arrows: { a: ["b"], b: ["a"] },
      circles: [["a", "b"]],
    },
    { title: "include a file that imports itself", arrows: { a: ["a"] }, circles: [["a"]] },
    {
      title: "include separate ones",
      arrows: { a: ["b", "c"], b: ["a"], c: ["d"], d: ["e"], e: ["c"] },
      circles: [
        ["c", "d", "e"],
        ["a", "b"],
      ],
    },
  ];

describe("The circles of an import graph", () => {
  for (const { title, arrows, circles } of graphs) {
    it(title, () => {
      const found = circlesIn(new Map(Object.entries(arrows))).map((circle) => circle.toSorted());
      assert.deepEqual(found, circles);
    });
  }
});

describe("The import graph of src/", () => {
  const graph = importGraph(join(root, "src"));

  it("has arrows for values, types and lazy modules", () => {
    assert.ok(graph.get("start.ts")?.includes("config/parse.ts"));
    assert.ok(graph.get("start.ts")?.includes("config/config.ts"));
    assert.ok(graph.get("start.ts")?.includes("caches/caches.ts"));
  });

  it("names existing files", () => {
    const named = [...graph.values()].flat();
    assert.deepEqual(
      named.filter((file) => !graph.has(file)),
      [],
    );
  });

  it("has no circle", () => {
    assert.deepEqual(circlesIn(graph), []);
  });
});
