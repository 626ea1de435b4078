/** Path -> content; content that begins with `->` creates a link to the path that follows. */
export type Tree = Readonly<Record<string, string>>;

export interface LoadCase {
  readonly title: string;
  readonly tree: Tree;
  /** Arguments after the preload; default: `app.cjs`. */
  readonly args?: readonly string[];
  /** Arguments before the preload. */
  readonly before?: readonly string[];
  /** The `instrumentations` section of the configuration. */
  readonly instrumentations?: object;
  readonly stdout: readonly string[];
  readonly stderr?: readonly string[];
}

/** A library with a main file and another file, both in the row. */
export function library(directory: string, manifest: object = {}): Tree {
  const { name, version, ...rest } = {
    name: "lib",
    version: "1.2.3",
    main: "main.js",
    ...manifest,
  };
  return {
    [`${directory}/package.json`]: JSON.stringify({ name, version, ...rest }),
    [`${directory}/main.js`]: `console.log("evaluate main"); exports.inner = require("./lib/inner.js");`,
    [`${directory}/lib/inner.js`]: `console.log("evaluate inner"); exports.x = 1;`,
  };
}

/** The rows for it. */
export const libraryRows: readonly object[] = ["lib", "@scope/lib", "broken"].map((name) => ({
  package: name,
  files: [".", "lib/inner.js"],
  versions: ">=1 <2",
  adaptor: name === "broken" ? "missing.ts" : "adaptor.ts",
  instrumentation: name === "broken" ? "broken" : "lib",
}));

const app = `const lib = require("lib"); console.log("app", lib.patched, lib.inner.patched);`;
const patched = [
  "evaluate main",
  "evaluate inner",
  "adaptor loaded",
  "patch lib 1.2.3 lib/inner.js",
  "patch lib 1.2.3 main.js (main)",
  "app 1 1",
];
const untouched = ["evaluate main", "evaluate inner", "app undefined undefined"];

export const layouts: readonly LoadCase[] = [
  {
    title: "is patched once, however often it is required",
    tree: {
      ...library("node_modules/lib"),
      "other.cjs": `module.exports = require("lib");`,
      "app.cjs": `require("./other.cjs"); require("lib"); ${app}`,
    },
    stdout: patched,
  },
  {
    title: "is patched again where it is evaluated again",
    tree: {
      ...library("node_modules/lib"),
      "app.cjs": `require("lib"); delete require.cache[require.resolve("lib")]; ${app}`,
    },
    stdout: [...patched.slice(0, -1), "evaluate main", "patch lib 1.2.3 main.js (main)", "app 1 1"],
  },
  {
    title: "is not patched in an unsupported version",
    tree: { ...library("node_modules/lib", { version: "2.0.0" }), "app.cjs": app },
    stdout: untouched,
    stderr: ["telltale: lib 2.0.0 is not instrumented, only >=1 <2 is"],
  },
  {
    title: "is unchanged when its adaptor throws",
    tree: {
      ...library("node_modules/lib"),
      "node_modules/lib/lib/inner.js": `exports.behavior = "throw";`,
      "app.cjs": app,
    },
    stdout: [
      "evaluate main",
      "adaptor loaded",
      "patch lib 1.2.3 lib/inner.js",
      "patch lib 1.2.3 main.js (main)",
      "app 1 undefined",
    ],
    stderr: [
      'telltale: the instrumentation "lib" failed, lib 1.2.3 (lib/inner.js) is not instrumented: as requested',
    ],
  },
  {
    title: "is rolled back when its adaptor throws after a patch",
    tree: {
      ...library("node_modules/lib"),
      "node_modules/lib/main.js": `exports.greet = () => "greeted"; exports.behavior = "throw late";`,
      "app.cjs": `console.log(require("lib").greet());`,
    },
    stdout: ["adaptor loaded", "patch lib 1.2.3 main.js (main)", "greeted"],
    stderr: [
      'telltale: the instrumentation "lib" failed, lib 1.2.3 (main.js) is not instrumented: as requested',
    ],
  },
  {
    title: "is replaced by the exports that its adaptor returns",
    tree: {
      ...library("node_modules/lib"),
      "node_modules/lib/main.js": `exports.behavior = "replace";`,
      "app.cjs": `console.log(require("lib"), require("lib") === require("lib"));`,
    },
    stdout: ["adaptor loaded", "patch lib 1.2.3 main.js (main)", "{ replaced: true } true"],
  },
  {
    title: "is found in pnpm's folders",
    tree: {
      ...library("node_modules/.pnpm/lib@1.2.3/node_modules/lib"),
      "node_modules/lib": "-> .pnpm/lib@1.2.3/node_modules/lib",
      "app.cjs": app,
    },
    stdout: patched,
  },
  {
    title: "is found in two versions at once",
    tree: {
      ...library("node_modules/lib"),
      ...library("node_modules/user/node_modules/lib", { version: "1.0.0" }),
      "node_modules/user/index.js": `require("lib");`,
      "app.cjs": `require("user"); ${app}`,
    },
    stdout: [
      "evaluate main",
      "evaluate inner",
      "adaptor loaded",
      "patch lib 1.0.0 lib/inner.js",
      "patch lib 1.0.0 main.js (main)",
      "evaluate main",
      "evaluate inner",
      "patch lib 1.2.3 lib/inner.js",
      "patch lib 1.2.3 main.js (main)",
      "app 1 1",
    ],
  },
  {
    title: "is found with a scope",
    tree: {
      ...library("node_modules/@scope/lib", { name: "@scope/lib" }),
      "app.cjs": app.replace(`"lib"`, `"@scope/lib"`),
    },
    stdout: patched.map((line) => line.replace("patch lib", "patch @scope/lib")),
  },
  {
    title: "is found under an alias, except for its main file",
    tree: {
      ...library("node_modules/alias"),
      "app.cjs": app.replace(`"lib"`, `"alias"`),
    },
    stdout: [
      "evaluate main",
      "evaluate inner",
      "adaptor loaded",
      "patch lib 1.2.3 lib/inner.js",
      "app undefined 1",
    ],
  },
  {
    title: "is found in a linked workspace, except for its main file",
    tree: {
      ...library("packages/library"),
      "node_modules/lib": "-> ../packages/library",
      "app.cjs": app,
    },
    stdout: [
      "evaluate main",
      "evaluate inner",
      "adaptor loaded",
      "patch lib 1.2.3 lib/inner.js",
      "app undefined 1",
    ],
  },
  {
    title: "is found under an alias in the app's package.json",
    tree: {
      ...library("node_modules/alias"),
      "package.json": `{ "dependencies": { "alias": "npm:lib@1.2.3" } }`,
      "app.cjs": app.replace(`"lib"`, `"alias"`),
    },
    stdout: patched,
  },
  {
    title: "is found in a workspace",
    tree: {
      ...library("packages/library"),
      "node_modules/lib": "-> ../packages/library",
      "package.json": `{ "workspaces": ["packages/*"], "dependencies": { "lib": "*" } }`,
      "app.cjs": app,
    },
    stdout: patched,
  },
  {
    title: "is unchanged, with one message, when its adaptor cannot be loaded",
    tree: {
      ...library("node_modules/broken", { name: "broken" }),
      "app.cjs": app.replace(`"lib"`, `"broken"`),
    },
    stdout: untouched,
    stderr: [
      `telltale: the instrumentation "broken" failed, the library is not instrumented: Cannot find module './missing.js'`,
    ],
  },
  {
    title: "has its main file resolved by `exports`",
    tree: {
      ...library("node_modules/lib", {
        main: "nothing.js",
        exports: { ".": { import: "./esm.mjs", require: "./main.js" } },
      }),
      "app.cjs": app,
    },
    stdout: patched,
  },
  {
    title: "has index.js for its main file by default",
    tree: {
      ...library("node_modules/lib", { main: undefined }),
      "node_modules/lib/index.js": `exports.inner = {};`,
      "app.cjs": app,
    },
    stdout: ["adaptor loaded", "patch lib 1.2.3 index.js (main)", "app 1 undefined"],
  },
  {
    title: "is ignored if only its file names match",
    tree: {
      ...library("node_modules/other", { name: "other" }),
      "app.cjs": app.replace(`"lib"`, `"other"`),
    },
    stdout: untouched,
  },
  {
    title: "is ignored if its package.json is invalid",
    tree: {
      ...library("node_modules/lib"),
      "node_modules/lib/package.json": `{ "name": "lib", "main": "main.js" }`,
      "app.cjs": app,
    },
    stdout: untouched,
  },
  {
    title: "is patched, with a warning, if it was loaded before telltale",
    tree: { ...library("node_modules/lib"), "app.cjs": app },
    before: ["--require", "lib"],
    stdout: [
      "evaluate main",
      "evaluate inner",
      "adaptor loaded",
      "patch lib 1.2.3 main.js (main)",
      "patch lib 1.2.3 lib/inner.js",
      "app 1 1",
    ],
    stderr: [
      "telltale: lib 1.2.3 was loaded before telltale and is only partly instrumented; " +
        "load telltale first: node --import telltale/register",
    ],
  },
  {
    title: "is not patched if it is disabled",
    tree: { ...library("node_modules/lib"), "app.cjs": app },
    instrumentations: { disabled: ["lib"] },
    stdout: untouched,
  },
  {
    title: "is not patched if only others are enabled",
    tree: { ...library("node_modules/lib"), "app.cjs": app },
    instrumentations: { enabled: ["pg"] },
    stdout: untouched,
  },
  {
    title: "is patched if it is enabled",
    tree: { ...library("node_modules/lib"), "app.cjs": app },
    instrumentations: { enabled: ["pg", "lib"] },
    stdout: patched,
  },
  {
    title: "loads its adaptor on first use",
    tree: { "app.cjs": `console.log("app");` },
    stdout: ["app"],
  },
  {
    title: "loads its adaptor at start if `eager` is set",
    tree: { "app.cjs": `console.log("app");` },
    instrumentations: { eager: true, enabled: ["lib"] },
    stdout: ["adaptor loaded", "app"],
  },
  {
    title: "is patched next to other load hooks, installed before and after telltale",
    tree: {
      ...library("node_modules/lib"),
      "watch.cjs": `
        const Module = require("node:module");
        const { load } = Module.prototype;
        Module.prototype.load = function (file) {
          if (file.endsWith("inner.js")) console.log("seen", arguments.length, this.id === file);
          return load.apply(this, arguments);
        };`,
      "app.cjs": `require("./watch.cjs"); ${app}`,
    },
    before: ["--require", "./watch.cjs"],
    stdout: [
      "evaluate main",
      "seen 1 true",
      ...(["evaluate inner", "adaptor loaded", "patch lib 1.2.3 lib/inner.js"] as const),
      "patch lib 1.2.3 main.js (main)",
      "app 1 1",
    ],
  },
  {
    title: "is patched in a worker thread",
    tree: {
      ...library("node_modules/lib"),
      "app.cjs": `
        const { isMainThread, Worker } = require("node:worker_threads");
        if (isMainThread) new Worker(__filename); else { ${app} }`,
    },
    stdout: patched,
  },
  {
    title: "is patched if its files require each other",
    tree: {
      ...library("node_modules/lib"),
      "node_modules/lib/lib/inner.js": `exports.outer = require("../main.js"); exports.x = 1;`,
      "app.cjs": app,
    },
    stdout: [
      "evaluate main",
      "adaptor loaded",
      "patch lib 1.2.3 lib/inner.js",
      "patch lib 1.2.3 main.js (main)",
      "app 1 1",
    ],
  },
  {
    title: "that throws during evaluation throws to the app",
    tree: {
      ...library("node_modules/lib"),
      "node_modules/lib/lib/inner.js": `throw new Error("broken");`,
      "app.cjs": `try { require("lib"); } catch (error) { console.log(error.message); }`,
    },
    stdout: ["evaluate main", "broken"],
  },
];
