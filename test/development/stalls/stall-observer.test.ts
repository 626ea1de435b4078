import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { DevelopmentStalls } from "../../../src/development/stalls/stall-observer.ts";

describe("The original stack of a stall", () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale stalls "));
    file = join(folder, "price.js");
    const { code, map } = transformSync("\n\nexport const price = (): number => 1;\n", {
      loader: "ts",
      sourcemap: true,
      sourcefile: "price.ts",
    });
    writeFileSync(file, `${code}//# sourceMappingURL=price.js.map\n`);
    writeFileSync(`${file}.map`, map);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("has the places of the original files, and its other lines as they are", () => {
    const stack = (place: string): string =>
      [
        `    at price (${place})`,
        "    at Object.<anonymous> (node:fs:1:2)",
        "    at async Promise.all (index 0)",
        "    at /gone/main.js:3:4",
        "    at new Map (<anonymous>)",
        "    no place at all",
        "",
      ].join("\n");
    const original = new DevelopmentStalls().originalStack(stack(`${file}:1:14`));
    assert.equal(original, stack(`${join(folder, "price.ts")}:3:14`));
  });
});
