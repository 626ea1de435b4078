import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { activeUnitOfWork, runWithContext } from "../../../src/context/manager.ts";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import { FilterModuleError, loadFilters } from "../../../src/errors/filters/filter-module.ts";

/** The files of a folder. Each function returns the name of its file. */
const files: Readonly<Record<string, string>> = {
  "named.mjs": "export const beforeSend = () => 'named.mjs';",
  "default.mjs": "export default () => 'default.mjs';",
  "object.mjs": "export default { beforeSend: () => 'object.mjs' };",
  "function.cjs": "module.exports = () => 'function.cjs';",
  "named.cjs": "exports.beforeSend = () => 'named.cjs';",
  "compiled.cjs":
    "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = () => 'compiled.cjs';",
  "waiting.mjs": "await 0; export const beforeSend = () => 'waiting.mjs';",
  "stripped.ts": "export const beforeSend = (): string => 'stripped.ts';",
  "folder/index.js": "exports.beforeSend = () => 'folder/index.js';",
  "node_modules/@acme/filters/package.json": '{ "name": "@acme/filters", "exports": "./main.js" }',
  "node_modules/@acme/filters/main.js": "exports.beforeSend = () => '@acme/filters';",
  "crumbs.mjs": "export const beforeBreadcrumb = () => null;",
  "throwing.mjs": "throw Object.assign(new RangeError('hunter2'), { code: 'E_KEY' });",
  "throwing-late.mjs": "await 0; throw new RangeError('hunter2');",
  "nothing.mjs": "export const filter = () => {};",
  "text.cjs": "module.exports = 'hunter2';",
  "getter.cjs": "Object.defineProperty(exports, 'beforeSend', { get() { throw 0; } });",
};

const loadable: readonly (readonly [specifier: string, returned: string])[] = [
  ["./named.mjs", "named.mjs"],
  ["named.mjs", "named.mjs"],
  ["./default.mjs", "default.mjs"],
  ["./object.mjs", "object.mjs"],
  ["./function.cjs", "function.cjs"],
  ["./named.cjs", "named.cjs"],
  ["./compiled.cjs", "compiled.cjs"],
  ["./waiting.mjs", "waiting.mjs"],
  ["./stripped.ts", "stripped.ts"],
  ["./folder", "folder/index.js"],
  ["folder/index", "folder/index.js"],
  ["@acme/filters", "@acme/filters"],
];

const unusable: readonly (readonly [specifier: string, reason: RegExp])[] = [
  ["./missing.mjs", /^it, or a module of it, is not found$/],
  ["@acme/missing", /^it, or a module of it, is not found$/],
  ["./throwing.mjs", /^it fails with RangeError \(E_KEY\) at .*throwing\.mjs:1:/],
  ["./throwing-late.mjs", /^it fails with RangeError at .*throwing-late\.mjs:1:/],
  ["./nothing.mjs", /^it exports no function beforeSend$/],
  ["./text.cjs", /^it exports no function beforeSend$/],
  ["./getter.cjs", /^it exports no function beforeSend$/],
];

describe("A module of filters", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-filters-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [specifier, returned] of loadable) {
    it(`is found as ${specifier}`, async () => {
      const filters = await loadFilters({ specifier, folder });
      assert.ok(!(filters instanceof FilterModuleError), JSON.stringify(filters));
      assert.equal(filters.beforeSend?.({}, {}), returned);
    });
  }

  it("is found by its absolute path", async () => {
    const filters = await loadFilters({ specifier: join(folder, "named.mjs"), folder: "/" });
    assert.ok(!(filters instanceof FilterModuleError));
  });

  it("may filter breadcrumbs only", async () => {
    const filters = await loadFilters({ specifier: "./crumbs.mjs", folder });
    assert.ok(!(filters instanceof FilterModuleError));
    assert.equal(filters.beforeSend, undefined);
    assert.equal(filters.beforeBreadcrumb?.({}), null);
  });

  for (const [specifier, reason] of unusable) {
    it(`can't be used, without any text of its own: ${specifier}`, async () => {
      const filters = await loadFilters({ specifier, folder });
      assert.ok(filters instanceof FilterModuleError);
      assert.match(filters.reason, reason);
    });
  }

  it("is loaded outside of the request that needs it", () => {
    const globals = globalThis as { seen?: unknown; activeUnit?: unknown };
    globals.activeUnit = activeUnitOfWork;
    writeFileSync(
      join(folder, "context.cjs"),
      "globalThis.seen = globalThis.activeUnit() === undefined; exports.beforeSend = () => null;",
    );
    const context = ROOT_CONTEXT.withUnitOfWork(new UnitOfWork());
    void runWithContext(context, () => loadFilters({ specifier: "./context.cjs", folder }));
    assert.equal(globals.seen, true);
    delete globals.seen;
    delete globals.activeUnit;
  });
});
