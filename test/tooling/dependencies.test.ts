import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/** Specifiers after `from`, and in `import(...)` or `require(...)`. */
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*"([@a-z][^"]*)"/g;

const COMMENT = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

const { devDependencies } = parse("package.json") as Manifest;
const { packages: locked } = parse("package-lock.json") as Lockfile;

/** Packages that the project was asked to build on, which `src/` need not import. */
const named = [
  "@opentelemetry/sdk-node",
  "@opentelemetry/auto-instrumentations-node",
  "@opentelemetry/exporter-prometheus",
  "@opentelemetry/exporter-trace-otlp-http",
  "@sentry/opentelemetry",
  "winston",
  "mocha",
];

describe("package.json", () => {
  it("names every package that src/ imports", () => {
    const imported = packagesIn(["src/**/*.{ts,tsx}", "register.ts"]);
    assert.ok(imported.includes("@opentelemetry/api"));
    assert.deepEqual(
      imported.filter((name) => devDependencies[name] === undefined),
      [],
    );
  });

  it("pins each package to the version that is locked", () => {
    const pins = Object.entries(devDependencies).map(([name, pin]) => [
      name,
      pin.replace(/^npm:.*@/, ""),
    ]);
    const versions = pins.map(([name]) => [name, locked[`node_modules/${name}`]?.version]);
    assert.deepEqual(pins, versions);
  });

  it("names no package of OpenTelemetry or Sentry that nothing uses", () => {
    const used = new Set(
      packagesIn([
        "{src,scripts,test,bench,examples}/**/*.{ts,mjs,cjs,js}",
        "oxlint.config.ts",
        "register.ts",
      ]),
    );
    // Read as files: the generator takes its table from the package itself.
    const read = readFileSync(join(root, "scripts/upstream/modules.ts"), "utf8");
    const unused = Object.keys(devDependencies).filter(
      (name) => /^@(opentelemetry|sentry)\//.test(name) && !used.has(name) && !read.includes(name),
    );
    assert.deepEqual(unused, []);
  });

  for (const name of named) {
    it(`names ${name}, which the project was asked to use`, () => {
      assert.ok(devDependencies[name] !== undefined);
    });
  }
});

/** Sorted names of the packages that files import. */
function packagesIn(patterns: readonly string[]): string[] {
  const files = globSync([...patterns], {
    cwd: root,
    exclude: (name) => name.includes("node_modules"),
  });
  const names = files.flatMap((file) =>
    [...codeOf(file).matchAll(SPECIFIER)].map(([, specifier = ""]) => packageOf(specifier)),
  );
  return [...new Set(names)].filter((name) => !isBuiltin(name)).toSorted();
}

/** `@sentry/core/types` -> `@sentry/core`, `pg/lib/x.js` -> `pg`. */
function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function parse(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), "utf8"));
}

function codeOf(file: string): string {
  return readFileSync(join(root, file), "utf8").replaceAll(COMMENT, "");
}
