import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPackage } from "../../src/resource/package.ts";

/** Files beside which Node would not run an app. */
describe("The package of a script", () => {
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-package-"));
    mkdirSync(join(folder, "app"));
    writeFileSync(join(folder, "package.json"), '{"name":"shop","version":"1.2.3"}');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const passed: readonly [string, (path: string) => void][] = [
    ["broken", (path) => writeFileSync(path, "{")],
    ["empty", (path) => writeFileSync(path, "")],
    ["null", (path) => writeFileSync(path, "null")],
    ["a list", (path) => writeFileSync(path, "[]")],
    ["without a name that is text", (path) => writeFileSync(path, '{"name":[],"version":"9"}')],
    ["with a blank name", (path) => writeFileSync(path, '{"name":" ","version":"9"}')],
    ["longer than any", (path) => writeFileSync(path, `{"name":"${"x".repeat(2 ** 20)}"}`)],
    ["a folder", (path) => mkdirSync(path)],
    ["a pipe, which is not opened", (path) => void execFileSync("mkfifo", [path])],
  ];
  for (const [title, make] of passed) {
    it(`is not a package.json that is ${title}`, function () {
      if (process.platform === "win32") return this.skip();
      make(join(folder, "app", "package.json"));
      assert.deepEqual(found("app/main.js"), { name: "shop", version: "1.2.3", folder });
    });
  }

  it("has no version if that is not a string", () => {
    writeFileSync(join(folder, "app", "package.json"), '{"name":"pay","version":1}');
    assert.deepEqual(found("app/main.js"), {
      name: "pay",
      version: undefined,
      folder: join(folder, "app"),
    });
  });

  it("is searched in a limited number of folders", () => {
    assert.equal(found(`${"a/".repeat(40)}main.js`), undefined);
  });

  for (const path of ["", "\0", "relative.js", "[eval]"]) {
    it(`is absent or another for ${JSON.stringify(path)}, without an error`, () => {
      assert.doesNotThrow(() => findPackage(path, () => folder));
    });
  }

  it("is that of the working directory, if the script is a tool", () => {
    const tool = join(folder, "node_modules/tool/cli.js");
    assert.equal(findPackage(tool, () => folder)?.name, "shop");
  });

  it("is absent if the working directory was deleted", () => {
    assert.equal(findPackage(join(folder, "node_modules/tool/cli.js"), goneFolder), undefined);
  });

  function found(path: string): ReturnType<typeof findPackage> {
    return findPackage(join(folder, path), () => folder);
  }
});

/** Throws, as `process.cwd` does. */
function goneFolder(): string {
  throw new Error("ENOENT: no such file or directory, uv_cwd");
}
