import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";

interface Entry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

for (const folder of [".", "tools/node", "tools/test-nodes"]) {
  describe(`The lockfile in ${folder}`, () => {
    const text = readFileSync(join(root, folder, "package-lock.json"), "utf8");
    const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
    const entries = Object.entries(packages).filter(([path]) => path !== "");

    it("names no registry", () => {
      const urls = entries.filter(([, { resolved }]) => resolved !== undefined);
      assert.deepEqual(urls, []);
    });

    it("holds the integrity of every package that all platforms install", () => {
      const bare = entries.filter(([, { integrity, optional }]) => !integrity && !optional);
      assert.deepEqual(bare, []);
    });

    it("names every optional package, without which `npm ci` refuses it", () => {
      const missing = entries.flatMap(([path, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies).filter(
          (name) =>
            !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
        ),
      );
      assert.deepEqual(missing, [], "`npm run lockfile` enters them");
    });
  });
}
