import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolder, createFolderSync } from "../../src/files/folder.ts";

const MODE = 0o700;

const functions: readonly (readonly [string, (path: string) => Promise<void>])[] = [
  ["createFolder", (path) => createFolder(path, MODE)],
  ["createFolderSync", async (path) => createFolderSync(path, MODE)],
];

describe("The creation of a folder", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "telltale-folder-"));
  });
  afterEach(() => {
    chmodSync(root, MODE);
    rmSync(root, { recursive: true });
  });

  for (const [name, create] of functions) {
    describe(`by ${name}`, () => {
      it("creates its missing parents too, all with the mode", async () => {
        await create(join(root, "a/b/c"));
        for (const path of ["a", "a/b", "a/b/c"]) {
          assert.equal(statSync(join(root, path)).mode & 0o777, MODE, path);
        }
      });

      it("leaves a folder that exists as it is", async () => {
        chmodSync(root, 0o750);
        await create(root);
        assert.equal(statSync(root).mode & 0o777, 0o750);
      });

      it("succeeds for all that create the same folder at the same time", async () => {
        const path = join(root, "a/b/c");
        await Promise.all(Array.from({ length: 8 }, () => create(path)));
        assert.ok(existsSync(path));
      });

      it("fails with the reason if a parent is a file", async () => {
        writeFileSync(join(root, "file"), "");
        await assert.rejects(create(join(root, "file/a/b")), { code: "ENOTDIR" });
      });

      it("fails where no folder can be created, such as in /proc", async function () {
        if (process.platform !== "linux") this.skip();
        await assert.rejects(create("/proc/telltale/a"), { code: "ENOENT" });
      });
    });
  }
});
