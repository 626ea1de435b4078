import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sourceExcerpt } from "../../../src/viewer/store/details/source-excerpt.ts";
import { appFrame, framesOf, placeIn } from "../../../src/viewer/store/details/stack-frames.ts";

describe("The source of an error", () => {
  let folder: string;
  let project: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-source-"));
    project = join(folder, "app");
    mkdirSync(join(project, "src"), { recursive: true });
    mkdirSync(join(folder, "app-other"));
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    writeFileSync(join(project, "src", "order.ts"), lines.join("\r\n"));
    writeFileSync(join(folder, "outside.js"), "secret");
    writeFileSync(join(folder, "app-other", "other.js"), "secret");
    writeFileSync(join(project, ".env"), "KEY=secret");
    writeFileSync(join(project, "key.pem"), "secret");
    writeFileSync(join(project, "large.js"), "x\n".repeat(2_000_000));
    symlinkSync(join(folder, "outside.js"), join(project, "link.js"));
    symlinkSync(join(project, ".env"), join(project, "env.js"));
    symlinkSync(folder, join(project, "up"));
    mkdirSync(join(project, "folder.js"));
    execFileSync("mkfifo", [join(project, "pipe.js")]);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("has the lines around its place", () => {
    const place = placeIn(join(project, "src", "order.ts"), 3, project);
    assert.deepEqual(sourceExcerpt(place, project), {
      place: { file: join(project, "src", "order.ts"), line: 3, shown: join("src", "order.ts") },
      firstLine: 1,
      lines: ["line 1", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 8"],
    });
    assert.equal(sourceExcerpt({ ...place, line: 20 }, project)?.lines.length, 6);
  });

  for (const [title, path] of [
    ["outside of the project", "../outside.js"],
    ["in a folder whose name begins as the project's", "../app-other/other.js"],
    ["behind a link that leads out", "link.js"],
    ["behind a link to a file that is no source code", "env.js"],
    ["in a folder that leads out", "up/outside.js"],
    ["that is no source code", ".env"],
    ["that is a key", "key.pem"],
    ["that is larger than source code", "large.js"],
    ["that is a folder", "folder.js"],
    ["that is a pipe", "pipe.js"],
    ["that is missing", "missing.js"],
    ["with a null character", "src/order.ts\0.js"],
  ] as const) {
    it(`is not read from a file ${title}`, () => {
      const place = { file: `${project}/${path}`, line: 1, shown: path };
      assert.equal(sourceExcerpt(place, project), undefined);
    });
  }

  for (const line of [0, -1, 21, 1e9, Number.NaN]) {
    it(`is nothing for a line that the file does not have: ${line}`, () => {
      const file = join(project, "src", "order.ts");
      assert.equal(sourceExcerpt({ file, line, shown: file }, project), undefined);
    });
  }

  it("is not read without a project", () => {
    const file = join(project, "src", "order.ts");
    assert.equal(sourceExcerpt({ file, line: 1, shown: file }, ""), undefined);
  });
});

describe("The frames of a stack", () => {
  const rows = [
    [
      "    at load (/app/src/a.js:3:7)",
      { file: "/app/src/a.js", line: 3, column: 7, function: "load" },
    ],
    [
      "    at async Order.load [as run] (/app/a.js:1:2)",
      { file: "/app/a.js", line: 1, column: 2, function: "Order.load [as run]" },
    ],
    ["    at file:///app/a%20b.mjs:10:20", { file: "/app/a b.mjs", line: 10, column: 20 }],
    ["    at async file:///app/a.mjs:1:1", { file: "/app/a.mjs", line: 1, column: 1 }],
    [
      "    at new Order (webpack://shop/./src/a.ts:1:1)",
      { file: "webpack://shop/./src/a.ts", line: 1, column: 1, function: "new Order" },
    ],
    [
      String.raw`    at load (C:\app\a.js:3:7)`,
      { file: String.raw`C:\app\a.js`, line: 3, column: 7, function: "load" },
    ],
    ["    at eval (eval at run (/app/a.js:1:1), <anonymous>:2:3)", undefined],
    ["    at Array.map (<anonymous>)", undefined],
    ["    at node:internal/process/task_queues:105:5", undefined],
    ["TypeError: at (/app/a.js:1:1)", undefined],
    [`    at ${"(".repeat(100_000)}`, undefined],
    [`    at ${"a:1".repeat(600)}`, undefined],
  ] as const;
  for (const [line, expected] of rows) {
    it(`are read from ${JSON.stringify(line.slice(0, 60))}`, () => {
      const [frame] = framesOf(`Error: x\n${line}`, "");
      if (expected === undefined) assert.equal(frame, undefined);
      else assert.deepEqual(frame, { ...expected, shown: expected.file });
    });
  }

  it("begin in the app with the first one outside of packages", () => {
    const stack =
      "Error: x\n    at query (/app/node_modules/pg/client.js:1:1)\n    at load (/app/src/a.js:2:2)";
    assert.equal(appFrame(framesOf(stack, "/app"))?.shown, "src/a.js");
  });
});
