import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transformSync } from "esbuild";
import { SourcePositions } from "../../src/profiling/source-positions.ts";

const SOURCE = `// A comment.

export function price(count: number): number {
  return count * 2;
}
`;

describe("The original position of code", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-positions-"));
    mkdirSync(join(folder, "dist"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Writes a generated file, and returns its path and the position of its function. */
  function generate(
    name: string,
    options: { readonly inline?: boolean; readonly sourceRoot?: string; readonly content?: string },
  ): { readonly file: string; readonly column: number } {
    const { code, map } = transformSync(SOURCE, {
      loader: "ts",
      minifyWhitespace: true,
      sourcemap: true,
      sourcefile: options.sourceRoot === undefined ? "../src/price.ts" : "price.ts",
      ...(options.sourceRoot !== undefined && { sourceRoot: options.sourceRoot }),
    });
    const file = join(folder, "dist", `${name}.js`);
    const content = options.content ?? map;
    writeFileSync(`${file}.map`, content);
    const url =
      options.inline === true
        ? `data:application/json;base64,${Buffer.from(content).toString("base64")}`
        : `${name}.js.map`;
    writeFileSync(file, `${code}//# sourceMappingURL=${url}\n`);
    return { file, column: code.indexOf("price(") + "price".length + 1 };
  }

  const ROWS = [
    { name: "beside", options: {}, title: "a map beside the file" },
    { name: "inline", options: { inline: true }, title: "a map in the file" },
    { name: "root", options: { sourceRoot: "../src" }, title: "a map with a source root" },
  ];
  for (const { name, options, title } of ROWS) {
    it(`is found by ${title}`, () => {
      const { file, column } = generate(name, options);
      const positions = new SourcePositions();
      for (const reported of [file, pathToFileURL(file).href, `${pathToFileURL(file).href}?1`]) {
        const original = positions.originalOf(reported, 1, column);
        assert.equal(original?.file, join(folder, "src", "price.ts"));
        assert.equal(original.line, 3);
      }
    });
  }

  it("is none without a map, with a malformed one, and for what is no file", () => {
    const plain = join(folder, "plain.js");
    writeFileSync(plain, "export {};\n");
    const { file } = generate("malformed", { content: "{" });
    const { file: empty } = generate("empty", { content: '{"sources":[1],"mappings":"x"}' });
    const positions = new SourcePositions();
    for (const reported of [
      plain,
      file,
      empty,
      join(folder, "gone.js"),
      "node:fs",
      "",
      "eval",
      folder,
    ])
      assert.equal(positions.originalOf(reported, 1, 1), undefined, reported);
  });
});
