import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../scripts/node.mjs";

interface Entry {
  readonly version?: string;
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const groups = globSync("test/libraries/*/package.json", { cwd: root }).map(dirname).toSorted();

for (const folder of [".", "tools/node", "tools/test-nodes", ...groups]) {
  describe(`The lockfile in ${folder}`, () => {
    const text = readFileSync(join(root, folder, "package-lock.json"), "utf8");
    const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
    const entries = Object.entries(packages).filter(([path]) => path !== "");

    it("names no registry", () => {
      const urls = entries.filter(([, { resolved }]) => resolved !== undefined);
      assert.deepEqual(urls, []);
    });

    it("has the integrity of every package for all platforms", () => {
      const bare = entries.filter(([, { integrity, optional }]) => !integrity && !optional);
      assert.deepEqual(bare, []);
    });

    it("names every optional package, which `npm ci` requires", () => {
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

for (const folder of groups) {
  describe(`The libraries in ${folder}`, () => {
    const parse = (file: string): unknown =>
      JSON.parse(readFileSync(join(root, folder, file), "utf8"));
    const manifest = parse("package.json") as Entry & Record<"private" | "type", unknown>;
    const { packages } = parse("package-lock.json") as { packages: Record<string, Entry> };
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };

    it("are a private package of ES modules", () => {
      assert.deepEqual([manifest.private, manifest.type], [true, "module"]);
    });

    it("match the lockfile", () => {
      const locked = { ...packages[""]?.dependencies, ...packages[""]?.devDependencies };
      assert.deepEqual(locked, wanted);
    });

    it("are pinned to one version each, which is the locked one", () => {
      const pins = Object.entries(wanted).map(([name, pin]) => [name, pin.split("@").at(-1)]);
      const locked = Object.keys(wanted).map((name) => [
        name,
        packages[`node_modules/${name}`]?.version,
      ]);
      assert.deepEqual(pins, locked);
    });
  });
}
