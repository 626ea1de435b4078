import type { LoadCase, Tree } from "./libraries.ts";

/** An ES module with each kind of export, and another file of the row. */
export function esLibrary(directory: string, manifest: object = {}): Tree {
  const { name, version, ...rest } = {
    name: "lib",
    version: "1.2.3",
    type: "module",
    exports: "./main.js",
    ...manifest,
  };
  return {
    [`${directory}/package.json`]: JSON.stringify({ name, version, ...rest }),
    [`${directory}/main.js`]: `
      export { inner } from "./lib/inner.js";
      export let word = "word";
      export function hello() { return "hello"; }
      export class Greeter { greet() { return "greeted"; } }`,
    [`${directory}/lib/inner.js`]: `function inner() { return "inner"; } export { inner };`,
  };
}

export const esRows: readonly object[] = ["lib", "@scope/lib"].map((name) => ({
  package: name,
  files: [".", "import .", "lib/inner.js"],
  versions: ">=1 <2",
  adaptor: "adaptor.ts",
  instrumentation: "lib",
  assignableExports: ["default", "fixed"],
}));

const use = `console.log("app", lib.word, lib.hello(), new lib.Greeter().greet(), lib.inner());`;
const importing = `import * as lib from "lib"; ${use}`;

const patched = [
  "adaptor loaded",
  "patch lib 1.2.3 lib/inner.js",
  "patch lib 1.2.3 main.js (main)",
  "app word! hello! greeted! inner!",
];
const untouched = ["app word hello greeted inner"];

/** A library with one file of this source, and an app that prints its exports. */
function single(source: string, print: string): Tree {
  return {
    ...esLibrary("node_modules/lib"),
    "node_modules/lib/main.js": source,
    "app.mjs": `import * as lib from "lib"; console.log("app", ${print});`,
  };
}

const patchedMain = ["adaptor loaded", "patch lib 1.2.3 main.js (main)"];

export const esLayouts: readonly LoadCase[] = [
  {
    title: "is found in pnpm's folders",
    tree: {
      ...esLibrary("node_modules/.pnpm/lib@1.2.3/node_modules/lib"),
      "node_modules/lib": "-> .pnpm/lib@1.2.3/node_modules/lib",
      "app.mjs": importing,
    },
    stdout: patched,
  },
  {
    title: "is found in a linked workspace",
    tree: {
      ...esLibrary("packages/library"),
      "node_modules/lib": "-> ../packages/library",
      "package.json": `{ "workspaces": ["packages/*"] }`,
      "packages/app/package.json": `{ "dependencies": { "lib": "workspace:*" } }`,
      "packages/app/app.mjs": importing,
    },
    args: ["packages/app/app.mjs"],
    stdout: patched,
  },
  {
    title: "is found under an alias",
    tree: {
      ...esLibrary("node_modules/alias"),
      "package.json": `{ "devDependencies": { "alias": "npm:lib@^1" } }`,
      "app.mjs": importing.replace(`"lib"`, `"alias"`),
    },
    stdout: patched,
  },
  {
    title: "is found with a scope",
    tree: {
      ...esLibrary("node_modules/@scope/lib", { name: "@scope/lib" }),
      "app.mjs": importing.replace(`"lib"`, `"@scope/lib"`),
    },
    stdout: patched.map((line) => line.replace("patch lib", "patch @scope/lib")),
  },
  {
    title: "is found by export conditions, next to its CommonJS build",
    tree: {
      ...esLibrary("node_modules/lib", {
        type: "commonjs",
        exports: {
          "./package.json": "./package.json",
          ".": {
            types: "./main.d.ts",
            require: "./main.cjs",
            import: { types: "./main.d.mts", default: "./main.mjs" },
          },
        },
      }),
      "node_modules/lib/main.mjs": `export let word = "word";`,
      "node_modules/lib/main.cjs": `exports.word = "word";`,
      "app.mjs": `
        import { word } from "lib";
        import { createRequire } from "node:module";
        console.log("app", word, createRequire(import.meta.url)("lib").patched);`,
    },
    stdout: [
      "adaptor loaded",
      "patch lib 1.2.3 main.mjs (main)",
      "patch lib 1.2.3 main.cjs (main)",
      "app word! 1",
    ],
  },
  {
    title: "is patched for every importer, circular ones included",
    tree: {
      ...single(
        `import { call } from "./other.js"; export function hello() { return "hello"; } export { call };`,
        `lib.call(), lib.hello()`,
      ),
      "node_modules/lib/other.js": `import { hello } from "./main.js"; export const call = () => hello();`,
    },
    stdout: [...patchedMain, "app hello! hello!"],
  },
  {
    title: "has constants and an unnamed default export replaced if the row names them",
    tree: single(
      `const a=1;export const fixed = "fixed"; export default ["a", "b"].join();`,
      `lib.fixed, lib.default`,
    ),
    stdout: [...patchedMain, "app fixed! a,b!"],
  },
  {
    title: "is parsed in minified form",
    tree: single(
      `const x=/}/g,s=\`export \${"x"}\`;const f="fixed";function h(){return"hello"}class G{greet(){return s}}export{f as fixed,h as hello,G as Greeter,f as"a-b"};`,
      `lib.fixed, lib.hello(), new lib.Greeter().greet(), lib["a-b"]`,
    ),
    stdout: [...patchedMain, "app fixed! hello! export x! fixed!"],
  },
  {
    title: "has readable re-exports, which only the declaring file can replace",
    tree: {
      ...single(
        `export * from "./a.js"; export { G as Greeter, default as unused } from "./b.js"; export * as c from "./b.js";`,
        `lib.hello(), new lib.Greeter().greet(), Object.keys(lib).join()`,
      ),
      "node_modules/lib/a.js": `export function hello() { return "hello"; } export default 1;`,
      "node_modules/lib/b.js": `export class G { greet() { return "greeted"; } } export default 2;`,
    },
    stdout: [...patchedMain, "app hello greeted Greeter,c,hello,unused"],
    stderr: [
      `telltale: the instrumentation "lib" failed, lib 1.2.3 (main.js) is not instrumented: hello is re-exported from another module`,
    ],
  },
  {
    title: "has its constants unchanged, except for those that the row names",
    tree: single(
      `export const word = "word"; export function hello() { return "hello"; }`,
      `lib.word, lib.hello()`,
    ),
    stdout: [...patchedMain, "app word hello"],
    stderr: [
      `telltale: the instrumentation "lib" failed, lib 1.2.3 (main.js) is not instrumented: Assignment to constant variable.`,
    ],
  },
  {
    title: "is rolled back when its adaptor throws after a patch",
    tree: single(
      `export let word = "word"; export const behavior = "throw"; export class Greeter { greet() { return "greeted"; } }`,
      `lib.word, new lib.Greeter().greet()`,
    ),
    stdout: [...patchedMain, "app word greeted"],
    stderr: [
      `telltale: the instrumentation "lib" failed, lib 1.2.3 (main.js) is not instrumented: as requested`,
    ],
  },
  {
    title: "has the default export that its adaptor returns",
    tree: single(`export const behavior = "replace"; export default "default"`, `lib.default`),
    stdout: [...patchedMain, "app replaced"],
  },
  {
    title: "with top-level await is patched after it",
    tree: single(`export let word = await Promise.resolve("word");`, `lib.word`),
    stdout: [...patchedMain, "app word!"],
  },
  {
    title: "that throws during evaluation throws to the app, with the same stack",
    tree: {
      ...single(`export let word;\n\nthrow new Error("broken");`, ""),
      "app.mjs": `import("lib").catch((error) => console.log(error.stack.split("\\n")[1].replace(/file:.*\\//, "")));`,
    },
    stdout: ["    at main.js:3:7"],
  },
  {
    title: "keeps its source map",
    tree: {
      ...single(
        `export const fixed = "fixed", stack = new Error("x").stack;\n//# sourceMappingURL=main.js.map`,
        `lib.fixed, /source.ts:1:(\\d+)/.exec(lib.stack)?.[0]`,
      ),
      "node_modules/lib/main.js.map": JSON.stringify({
        version: 3,
        sources: ["source.ts"],
        names: [],
        mappings: "AAAA,8BAA8B",
      }),
    },
    before: ["--enable-source-maps"],
    args: ["app.mjs"],
    stdout: [...patchedMain, "app fixed! source.ts:1:31"],
  },
  {
    title: "is not patched in an unsupported version",
    tree: { ...esLibrary("node_modules/lib", { version: "2.0.0" }), "app.mjs": importing },
    stdout: untouched,
    stderr: ["telltale: lib 2.0.0 is not instrumented, only >=1 <2 is"],
  },
  {
    title: "is not patched if it is disabled",
    tree: { ...esLibrary("node_modules/lib"), "app.mjs": importing },
    instrumentations: { disabled: ["lib"] },
    stdout: untouched,
  },
  {
    title: "is patched in a worker thread",
    tree: {
      ...esLibrary("node_modules/lib"),
      "app.mjs": `
        import { isMainThread, Worker } from "node:worker_threads";
        if (isMainThread) new Worker(new URL(import.meta.url)); else { const lib = await import("lib"); ${use} }`,
    },
    stdout: patched,
  },
  {
    title: "is patched next to other hooks, installed before and after telltale",
    tree: {
      ...esLibrary("node_modules/lib"),
      "watch.mjs": `
        import { registerHooks } from "node:module";
        registerHooks({
          load(url, context, next) {
            const result = next(url, context);
            const isTransformed = String(result.source).includes("telltale");
            if (url.endsWith("inner.js")) console.log("seen", context.format, isTransformed);
            return result;
          },
        });`,
      "app.mjs": `import "./watch.mjs?again"; const lib = await import("lib"); ${use}`,
    },
    before: ["--import", "./watch.mjs"],
    stdout: ["seen module false", "seen module true", ...patched],
  },
];

/** The same program in every form. */
export const esForms: readonly {
  readonly name: string;
  readonly tree: Tree;
  readonly args: readonly string[];
  /** Runs the program with tsx. */
  readonly loader?: "tsx";
  readonly oldest?: "24";
}[] = [
  { name: "import", tree: { "app.mjs": importing }, args: ["app.mjs"] },
  {
    name: "import()",
    tree: { "app.mjs": `const lib = await import("lib"); ${use}` },
    args: ["app.mjs"],
  },
  {
    name: "import() in CommonJS",
    tree: { "app.cjs": `import("lib").then((lib) => { ${use} });` },
    args: ["app.cjs"],
  },
  { name: "require", tree: { "app.cjs": `const lib = require("lib"); ${use}` }, args: ["app.cjs"] },
  {
    name: "createRequire",
    tree: {
      "app.mjs": `import { createRequire } from "node:module"; const lib = createRequire(import.meta.url)("lib"); ${use}`,
    },
    args: ["app.mjs"],
  },
  {
    name: "require in imported CommonJS",
    tree: {
      "inner.cjs": `exports.lib = require("lib");`,
      "app.mjs": `import { lib } from "./inner.cjs"; ${use}`,
    },
    args: ["app.mjs"],
  },
  {
    name: "import in TypeScript",
    tree: { "app.mts": `const name: string = "app"; ${importing}` },
    args: ["app.mts"],
    oldest: "24",
  },
  {
    name: "require in TypeScript",
    tree: { "app.cts": `const name: string = "app"; const lib = require("lib"); ${use}` },
    args: ["app.cts"],
    oldest: "24",
  },
  {
    name: "import under tsx",
    tree: { "app.mts": `enum E { app } ${importing}` },
    args: ["app.mts"],
    loader: "tsx",
  },
];

/** Expected output of each form. */
export const patchedForms: readonly string[] = patched;
