import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../../scripts/node.mjs";

const libraries = dirname(import.meta.dirname);

/** A runner as a TypeScript project has it. */
interface Runner {
  /** The group of libraries that it is installed in. */
  readonly group: string;
  readonly packages: readonly string[];
  /** Where `expect` comes from. Empty: it is a global. */
  readonly head: string;
  /** The runner's own declarations have errors. */
  readonly skipLibCheck?: true;
}

const globals = ["@jest/globals", "expect"];
const runners: Readonly<Record<string, Runner>> = {
  "vitest 3": {
    ...{ group: "vitest3", packages: ["vitest"], skipLibCheck: true },
    head: 'import { expect } from "vitest";',
  },
  "vitest 4": { group: "vitest4", packages: ["vitest"], head: 'import { expect } from "vitest";' },
  "vitest 5": { group: "runners", packages: ["vitest"], head: 'import { expect } from "vitest";' },
  "vitest with global functions": {
    ...{ group: "runners", packages: ["vitest"] },
    head: '/// <reference types="vitest/globals" />',
  },
  "jest with @jest/globals": {
    ...{ group: "runners", packages: globals },
    head: 'import { expect } from "@jest/globals";',
  },
  "jest with @types/jest": {
    ...{ group: "runners", packages: ["@types/jest"] },
    head: '/// <reference types="jest" />',
  },
};

const observed = 'import { matchers, observe } from "telltale/testing";';

/** With `expect`: what compiles, and what does not. */
const matching = `
expect.extend(matchers);
const seen = await observe(() => 1);
expect(seen).toHaveSpan({ name: "GET /orders/:id", kind: "server", attributes: { "http.route": "/" } });
expect(seen).toHaveSpan({ name: expect.stringContaining("GET"), durationMs: (ms) => ms < 100 });
expect(seen).toHaveLog({ body: /read/, severity: "info" });
expect(seen).toHaveMetric({ name: "orders.read", value: 1 });
expect(seen).toHaveQuery({ text: /FROM items/, span: { status: "ok" } });
expect(seen).not.toHaveEvent({ level: "fatal" });
await expect(observe(() => 1)).resolves.toHaveSpan({ name: "GET /" });
// @ts-expect-error -- no pattern
expect(seen).toHaveSpan();
// @ts-expect-error -- a text
expect(seen).toHaveSpan("GET /orders/:id");
// @ts-expect-error -- a name of a member that does not exist
expect(seen).toHaveSpan({ nmae: "GET /orders/:id" });
// @ts-expect-error -- no kind of span
expect(seen).toHaveSpan({ kind: "SERVER" });
// @ts-expect-error -- a number in place of a text
expect(seen).toHaveLog({ severity: 9 });
// @ts-expect-error -- no such matcher
expect(seen).toHaveTrace({});
`;

/** Without `expect`. */
const asserting = `
import { assertSpan, expectMetric, noNPlusOne, observe } from "telltale/testing";
const seen = await observe(async () => 1);
const result: number = seen.result;
assertSpan(seen, { name: /GET/, kind: "server", parentSpanId: undefined });
expectMetric(seen, "orders.read", { shop: "ch" });
noNPlusOne(seen, { ignore: ["src/reports.ts:42"] });
// @ts-expect-error -- a promise
assertSpan(observe(() => 1), { name: "GET /" });
// @ts-expect-error -- a name of a member that does not exist
assertSpan(seen, { nmae: "GET /orders/:id" });
export { result };
`;

let folder = "";

/** Creates a project with telltale as it is published, and with these packages. */
async function createProject(name: string, code: string, runner?: Runner): Promise<string> {
  const project = join(folder, name.replaceAll(/\W+/g, "-"));
  const modules = join(project, "node_modules");
  const telltale = join(modules, "telltale");
  await cp(join(root, "dist/types"), join(telltale, "dist/types"), { recursive: true });
  await cp(join(root, "package.json"), join(telltale, "package.json"));
  const own = (runner?.packages ?? []).map((name) => [
    name,
    join(libraries, runner?.group ?? "", "node_modules", name),
  ]);
  for (const [name = "", target = ""] of [
    ...own,
    ["@types/node", join(root, "node_modules/@types/node")],
  ]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(target, join(modules, name), "dir");
  }
  await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
  await writeFile(join(project, "orders.test.ts"), code);
  return project;
}

/** Returns the output of the compiler. */
async function compile(project: string, skipLibCheck = false): Promise<string> {
  const options = ["--ignoreConfig", "--strict", "--noEmit", "--module", "nodenext"];
  const libraryChecks = ["--skipLibCheck", String(skipLibCheck), "--target", "es2024"];
  const program = join(root, "node_modules/typescript/bin/tsc");
  return new Promise((resolve) => {
    const all = [program, ...options, ...libraryChecks, "--types", "node", "orders.test.ts"];
    execFile(process.execPath, all, { cwd: project }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

describe("the types of telltale/testing", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "telltale-runner-types-"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const [title, runner] of Object.entries(runners)) {
    it(`have the matchers of ${title}, whose wrong arguments are errors`, async () => {
      const code = [runner.head, observed, matching].join("\n");
      assert.equal(
        await compile(await createProject(title, code, runner), runner.skipLibCheck),
        "",
      );
    });
  }

  it("need no runner", async () => {
    assert.equal(await compile(await createProject("none", asserting)), "");
  });
});
