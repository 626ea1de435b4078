import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { node, nodes, type TestNode } from "../../nodes.ts";
import type { TestBundle } from "../../bundle.ts";
import { bundleInstrumentationFixtures } from "../bundle.ts";
import { esForms, esLayouts, esLibrary, esRows, patchedForms } from "./es-modules.ts";
import { layouts, library, libraryRows, type Tree } from "./libraries.ts";

const run = promisify(execFile);
const tsx = fileURLToPath(import.meta.resolve("tsx"));

/** The same program in every form, with the loader that runs it. */
const forms: readonly {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly loader?: readonly string[];
  readonly oldest?: TestNode["name"];
}[] = [
  {
    name: "require",
    file: "app.cjs",
    text: `const lib = require("lib"); console.log("app", lib.patched, lib.inner.patched);`,
  },
  {
    name: "import",
    file: "app.mjs",
    text: `import lib, { inner } from "lib"; console.log("app", lib.patched, inner.patched);`,
  },
  {
    name: "import()",
    file: "app.mjs",
    text: `const { default: lib } = await import("lib"); console.log("app", lib.patched, lib.inner.patched);`,
  },
  {
    name: "import after require",
    file: "app.mjs",
    text: `
      import { createRequire } from "node:module";
      createRequire(import.meta.url)("lib");
      const { default: lib } = await import("lib");
      console.log("app", lib.patched, lib.inner.patched);`,
  },
  {
    name: "import in TypeScript",
    file: "app.mts",
    text: `import lib, { inner } from "lib"; const name: string = "app"; console.log(name, lib.patched, inner.patched);`,
    oldest: "24",
  },
  {
    name: "import under tsx",
    file: "app.mts",
    text: `import lib, { inner } from "lib"; enum E { app }; console.log(E[0], lib.patched, inner.patched);`,
    loader: ["--import", tsx],
  },
  {
    name: "import of CommonJS under tsx",
    file: "app.cts",
    text: `import lib = require("lib"); enum E { app }; console.log(E[0], lib.patched, lib.inner.patched);`,
    loader: ["--import", tsx],
    // On older versions, tsx passes the source of such a program to Node's ES module loader,
    // which then loads all CommonJS itself.
    oldest: "24",
  },
];

describe("A library", () => {
  let fixtures: TestBundle;
  let directory: string;
  before(async () => {
    fixtures = await bundleInstrumentationFixtures();
  });
  after(() => fixtures.remove());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "telltale-loader-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const runOn = async (
    program: string,
    args: readonly string[],
    instrumentations: object = {},
    table = libraryRows,
  ): Promise<{ stdout: string[]; stderr: string[] }> => {
    const env = {
      ...process.env,
      ROWS: JSON.stringify(table),
      INSTRUMENTATIONS: JSON.stringify(instrumentations),
    };
    const { stdout, stderr } = await run(program, args, { cwd: directory, env });
    return { stdout: linesOf(stdout), stderr: linesOf(stderr) };
  };

  for (const { title, tree, before = [], args = ["app.cjs"], ...one } of layouts) {
    it(title, async () => {
      write(directory, tree);
      const preload = ["--import", fixtures.path("preload")];
      const output = await runOn(node, [...before, ...preload, ...args], one.instrumentations);
      assert.deepEqual(output, { stdout: one.stdout, stderr: one.stderr ?? [] });
    });
  }

  for (const { title, tree, before = [], args = ["app.mjs"], ...one } of esLayouts) {
    it(`of ES modules ${title}`, async () => {
      write(directory, tree);
      const preload = ["--import", fixtures.path("preload")];
      const options = [...before, ...preload, ...args];
      const output = await runOn(node, options, one.instrumentations, esRows);
      assert.deepEqual(output, { stdout: one.stdout, stderr: one.stderr ?? [] });
    });
  }

  for (const { name, path } of nodes) {
    for (const form of esForms) {
      if (form.oldest !== undefined && Number(name) < Number(form.oldest)) continue;
      // On Node 22, the thread of tsx runs `--require` too; the start of the preload handles
      // that.
      const preloads = form.loader === undefined ? ["--import", "--require"] : ["--import"];
      for (const preload of preloads) {
        it(`of ES modules is patched by ${form.name}, ${preload}, Node ${name}`, async () => {
          write(directory, { ...esLibrary("node_modules/lib"), ...form.tree });
          const loader = form.loader === "tsx" ? ["--import", tsx] : [];
          const args = [preload, fixtures.path("preload"), ...loader, ...form.args];
          const { stdout } = await runOn(path, args, {}, esRows);
          assert.deepEqual(stdout, patchedForms);
        });
      }
    }

    for (const form of forms) {
      if (form.oldest !== undefined && Number(name) < Number(form.oldest)) continue;
      const preloads = form.loader === undefined ? ["--import", "--require"] : ["--import"];
      for (const preload of preloads) {
        it(`is patched once and in order by ${form.name}, ${preload}, Node ${name}`, async () => {
          write(directory, { ...library("node_modules/lib"), [form.file]: form.text });
          const args = [preload, fixtures.path("preload"), ...(form.loader ?? []), form.file];
          const { stdout } = await runOn(path, args);
          assert.deepEqual(stdout, [
            "evaluate main",
            "evaluate inner",
            "adaptor loaded",
            "patch lib 1.2.3 lib/inner.js",
            "patch lib 1.2.3 main.js (main)",
            "app 1 1",
          ]);
        });
      }
    }

    it(`has the same stack traces as without telltale, Node ${name}`, async () => {
      write(directory, {
        "deep.cjs": `throw new Error("deep");`,
        "app.cjs": `
          console.log(require("node:module").prototype.load.length);
          try { require("./deep.cjs"); } catch (error) { console.log(error.stack); }`,
        "nothing.cjs": "",
      });
      const bare = await runOn(path, ["--require", "./nothing.cjs", "app.cjs"]);
      const preloaded = await runOn(path, ["--require", fixtures.path("preload"), "app.cjs"]);
      assert.deepEqual(preloaded, bare);
    });
  }
});

function write(directory: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content.startsWith("->")) symlinkSync(content.slice(3), path);
    else writeFileSync(path, content);
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
