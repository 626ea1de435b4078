import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";
import { untestedPackages } from "../../scripts/upstream/choice.ts";
import { upstreamRows } from "../../src/instrumentation/upstream/generated/rows.ts";
import {
  librariesTable,
  type SupportRow,
  supportRows,
  supportTable,
} from "../../scripts/readme/libraries.ts";
import { readBlock } from "../../scripts/readme/marks.ts";

const koa = { library: "koa", moduleSystem: "esm", node: "26", supports: "server spans" } as const;

const examples: readonly { title: string; rows: readonly SupportRow[]; lines: string[] }[] = [
  {
    title: "combines the versions, module systems and Nodes of a library, oldest first",
    rows: [
      { ...koa, installed: "koa", version: "10.0.1" },
      { ...koa, installed: "koa2", version: "2.16.1", moduleSystem: "cjs", node: "22.15" },
      { ...koa, installed: "koa2", version: "2.16.1", node: "24" },
    ],
    lines: ["| `koa` | 2.16.1, 10.0.1 | ESM, CJS | 22.15, 24, 26 | server spans |"],
  },
  {
    title: "marks modules of Node, and lists each feature once",
    rows: [
      { ...koa, library: "node:sqlite", installed: "node:sqlite", version: undefined },
      { ...koa, installed: "koa", version: "3.0.0", supports: "spans | routes" },
      { ...koa, installed: "koa", version: "3.0.0", supports: "errors" },
    ],
    lines: [
      "| `koa` | 3.0.0 | ESM | 26 | spans \\| routes; errors |",
      "| `node:sqlite` | part of Node | ESM | 26 | server spans |",
    ],
  },
];

describe("The support table", () => {
  for (const { title, rows, lines } of examples) {
    it(title, () => assert.deepEqual(supportTable(rows).split("\n").slice(2), lines));
  }

  it("has a line for each of upstream's instrumentations, with a reason if none of its packages runs", async () => {
    const run = new Set((await supportRows()).flatMap(({ library }) => library.split(", ")));
    const isRun = (name: string): boolean =>
      run.has(name) || (name.startsWith("@aws-sdk/") && run.has("@aws-sdk/client-*"));
    const names = [...new Set(upstreamRows.map(({ instrumentation }) => instrumentation))];
    const untested = names.flatMap((name) => {
      const packages = upstreamRows.filter(({ instrumentation }) => instrumentation === name);
      return packages.some((row) => isRun(row.package)) ? [] : packages.map((row) => row.package);
    });
    assert.deepEqual(untested.toSorted(), Object.keys(untestedPackages).toSorted());
  });

  it("has no row twice", async () => {
    const rows = (await supportRows()).map(({ library, version, moduleSystem, node }) =>
      [library, version, moduleSystem, node].join(" "),
    );
    assert.deepEqual(rows, [...new Set(rows)]);
  });

  it("is up to date in docs/libraries.md", async () => {
    const page = readFileSync(join(root, "docs/libraries.md"), "utf8");
    assert.equal(readBlock(page, "libraries"), (await librariesTable()) ?? "", "npm run readme");
  });
});
