import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundle } from "../../../src/cli/doctor/bundles.ts";

const padding = `/* ${"x".repeat(10_000)} */\n`;

interface Row {
  readonly title: string;
  readonly text: string;
  readonly isBundle: boolean;
  readonly packages: readonly string[];
}

const rows: readonly Row[] = [
  {
    title: "esbuild",
    text: `var require_express = __commonJS({\n  "node_modules/express/lib/express.js"(exports, module) {} });\n// node_modules/@redis/client/dist/index.mjs`,
    isBundle: true,
    packages: ["@redis/client", "express"],
  },
  {
    title: "webpack in development",
    text: `/***/ "./node_modules/pg/lib/index.js": ((module, exports, __webpack_require__) => {})`,
    isBundle: true,
    packages: ["pg"],
  },
  {
    title: "minified esbuild",
    text: `var s=(e,t)=>()=>(t||e((t={exports:{}}).exports,t),t.exports);`,
    isBundle: true,
    packages: [],
  },
  {
    title: "a file that only mentions a folder",
    text: `throw new Error("run it in node_modules/express/ please");`,
    isBundle: false,
    packages: [],
  },
];

describe("A bundle", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-bundles-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const { title, text, isBundle, packages } of rows) {
    it(`is recognized with the names of its packages: ${title}`, () => {
      const file = join(folder, "app.js");
      writeFileSync(file, padding + text);
      const found = readBundle(file);
      assert.equal(found.isBundle, isBundle);
      assert.deepEqual([...found.packages].toSorted(), packages);
    });
  }

  it("is none if the file is small or missing", () => {
    const file = join(folder, "small.js");
    writeFileSync(file, `__commonJS`);
    assert.equal(readBundle(file).isBundle, false);
    assert.equal(readBundle(join(folder, "missing.js")).isBundle, false);
  });
});
