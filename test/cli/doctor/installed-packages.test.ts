import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findCopies, findPackage } from "../../../src/cli/doctor/installed-packages.ts";

describe("Installed packages", () => {
  let folder: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "telltale-packages-")));
    install("node_modules/a", "a", "1.0.0");
    install("node_modules/b", "b", "1.0.0");
    install("node_modules/b/node_modules/a", "a", "2.0.0");
    install("node_modules/@scope/c", "@scope/c", "1.0.0");
    install("node_modules/@scope/c/node_modules/a", "a", "3.0.0");
    install("node_modules/.pnpm/a@4.0.0/node_modules/a", "a", "4.0.0");
    mkdirSync(join(folder, "services/api"), { recursive: true });
    // A circle, as workspaces have.
    symlinkSync(folder, join(folder, "node_modules/self"));
  });

  after(() => rmSync(folder, { recursive: true }));

  function install(path: string, name: string, version: string): void {
    const file = join(folder, path, "package.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ name, version, dependencies: { z: "1" } }));
  }

  it("are found as Node finds them, in the folders above", () => {
    const found = findPackage("a", join(folder, "services/api"));
    assert.equal(found?.version, "1.0.0");
    assert.deepEqual(found.dependencies, ["z"]);
    assert.equal(findPackage("missing", folder), undefined);
  });

  it("are found with all their copies, in nested folders, scopes and pnpm's store", () => {
    const copies = findCopies("a", join(folder, "services/api"));
    assert.deepEqual(copies.map(({ version }) => version).toSorted(), [
      "1.0.0",
      "2.0.0",
      "3.0.0",
      "4.0.0",
    ]);
  });
});
