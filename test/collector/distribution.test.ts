import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TAGS } from "../../scripts/collector/build.ts";
import { FLAGS } from "../../scripts/go/compile.ts";
import { modulesOf } from "../../scripts/collector/generate.ts";
import { collector, distribution, manifest, program } from "../../scripts/collector/paths.ts";
import { sizesTable } from "../../scripts/collector/table.ts";
import { type Sizes, sizesFile } from "../../scripts/collector/sizes.ts";

const modules = modulesOf(readFileSync(manifest, "utf8"));
const sources = ["components.go", "main.go"].map((name) => read(name)).join("\n");

describe("collector/distribution", () => {
  it("has every module of the manifest, with the version of the manifest", () => {
    const goMod = read("go.mod");
    assert.ok(modules.length > 20);
    for (const { path, version } of modules) {
      assert.ok(goMod.includes(`\t${path} ${version}\n`), `go.mod lacks ${path} ${version}`);
      assert.ok(sources.includes(`"${path}"\n`), `nothing imports ${path}`);
    }
  });

  it("has only components of the manifest", () => {
    const kinds = "receiver|processor|exporter|connector|extension|confmap/provider";
    const component = new RegExp(`^\\t\\w+ "(\\S+/(?:${kinds})/\\S+)"$`, "gm");
    const imported = [...sources.matchAll(component)].map((match) => match[1]!);
    const named = modules.map(({ path }) => path);
    assert.deepEqual(imported.toSorted(), named.toSorted());
  });

  it("has the checksums of every required module", () => {
    const sums = read("go.sum");
    const goMod = read("go.mod");
    // The project's modules are in folders beside it.
    assert.match(goMod, /^replace telltale\/processor\/redactionprocessor => \.\.\/redaction$/m);
    assert.match(goMod, /^replace telltale\/extension\/filestorage => \.\.\/storage$/m);
    const required = [...goMod.matchAll(/^\t(\S+) (v\S+)/gm)];
    for (const [, path = "", version] of required) {
      if (path.startsWith("telltale/")) continue;
      assert.ok(sums.includes(`${path} ${version}/go.mod h1:`), `go.sum lacks ${path} ${version}`);
    }
  });

  it("is built by the Dockerfile with the tags and flags of the scripts", () => {
    const dockerfile = readFileSync(join(collector, "Dockerfile"), "utf8");
    const builds = dockerfile.split("\n").filter((line) => line.includes("go build"));
    assert.equal(builds.length, 2);
    for (const build of builds) {
      for (const flag of FLAGS) {
        assert.ok(build.includes(flag.includes(" ") ? `"${flag}"` : flag), `${flag}: ${build}`);
      }
    }
    assert.ok(builds[0]!.includes(` -tags=${TAGS} `));
  });

  it("builds a binary with the name that the scripts expect", () => {
    assert.match(sources, new RegExp(`Command: +"${program}"`));
  });
});

describe("collector/README.md", () => {
  it("has the table of the measurements", () => {
    const sizes = JSON.parse(readFileSync(sizesFile, "utf8")) as Sizes;
    const readme = readFileSync(join(collector, "README.md"), "utf8");
    assert.ok(readme.includes(sizesTable(sizes, readFileSync(manifest, "utf8"))));
  });

  it("names every component of the build in the table of sizes", () => {
    const sizes = JSON.parse(readFileSync(sizesFile, "utf8")) as Sizes;
    const measured = sizes.variants
      .filter(({ kind }) => kind === "without")
      .map(({ what }) => what);
    const components = modules
      .map(({ path }) => path.slice(path.lastIndexOf("/") + 1))
      // The build always contains these.
      .filter((name) => !name.endsWith("provider") && name !== "otlpreceiver");
    assert.deepEqual(
      components.filter((name) => !measured.includes(name)),
      [],
    );
  });
});

function read(name: string): string {
  return readFileSync(join(distribution, name), "utf8");
}
