import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { transform } from "esbuild";
import { root } from "../../../scripts/node.mjs";
import { node } from "../../nodes.ts";

const apps = join(import.meta.dirname, "apps");
const shop = join(root, "test/testing/shop");
const installed = join(import.meta.dirname, "node_modules");

const mocha = [join(root, "node_modules/mocha/bin/mocha.js"), "--no-config", "--timeout=300000"];
const jest = join(installed, "jest/bin/jest.js");
const esmJest = ["--experimental-vm-modules", "--no-warnings", jest];
const vitest = [join(installed, "vitest/vitest.mjs"), "run"];

/** Runs at the same time: the four runners first. */
const LANES = 4;

interface Run {
  readonly args: readonly string[];
  /** The folder of the project. Default: that of the ES modules. */
  readonly folder?: "cjs";
  readonly output: RegExp;
}

/**
 * Two files of forty tests, each in a process or worker of its own where the runner has them.
 * Those with `expect` have a third file, which tests the matchers.
 */
const runs: Readonly<Record<string, Run>> = {
  "node:test": {
    args: ["--test", "one.test.mjs", "two.test.mjs"],
    output: /pass 80\n[^]*fail 0\n/,
  },
  "mocha in parallel": {
    args: [...mocha, "--parallel", "--jobs=2", "one.spec.mjs", "two.spec.mjs"],
    output: /80 passing/,
  },
  "vitest with forks": { args: [...vitest, "--pool=forks"], output: /Tests +81 passed \(81\)/ },
  "jest with ES modules": {
    args: [...esmJest, "--config=jest.config.mjs", "--maxWorkers=2"],
    output: /Tests: +81 passed, 81 total/,
  },
  "node:test with the preload": {
    args: ["--import", "telltale/testing", "--test", "one.test.mjs"],
    output: /pass 40\n[^]*fail 0\n/,
  },
  mocha: { args: [...mocha, "one.spec.mjs"], output: /40 passing/ },
  "vitest with threads": { args: [...vitest, "--pool=threads"], output: /Tests +81 passed \(81\)/ },
  "jest with CommonJS": {
    args: [jest, "--config=jest.config.cjs", "--maxWorkers=2"],
    folder: "cjs",
    output: /Tests: +81 passed, 81 total/,
  },
  "jest in one process": {
    args: [jest, "--config=jest.config.cjs", "--runInBand"],
    folder: "cjs",
    output: /Tests: +81 passed, 81 total/,
  },
};

/** Runs in which no library would be instrumented. */
const refused: Readonly<Record<string, Run>> = {
  "jest without its configuration": {
    args: [...esmJest, '--config={"testMatch":["<rootDir>/one.spec.mjs"],"transform":{}}'],
    output: /jest: export withTelltale\(\{ … \}\) of telltale\/testing\/jest/,
  },
  "vitest with VM contexts": {
    args: [...vitest, "--pool=vmForks", "one.spec.mjs"],
    output: /vitest: use the pool forks or threads in place of vmForks or vmThreads/,
  },
};

let project = "";

async function createProject(): Promise<void> {
  project = await mkdtemp(join(tmpdir(), "telltale-runners-"));
  await mkdir(join(project, "cjs"));
  await mkdir(join(project, "node_modules"));
  const packages = {
    telltale: root,
    vite: join(installed, "vite"),
    vitest: join(installed, "vitest"),
  };
  const own = ["express", "winston"].map(
    (name) => [name, join(root, "node_modules", name)] as const,
  );
  for (const [name, target] of [...Object.entries(packages), ...own])
    await symlink(target, join(project, "node_modules", name), "dir");
  await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
  for (const name of ["jest.config.mjs", "vitest.config.mjs"])
    await copyFile(join(apps, name), join(project, name));
  await copyFile(join(apps, "jest.config.cjs"), join(project, "cjs/jest.config.cjs"));
  for (const name of ["app", "shop-tests"]) await addModule(join(shop, `${name}.mjs`), name);
  await addModule(join(apps, "matchers.spec.mjs"), "matchers.spec");
  for (const name of ["one", "two"]) {
    await addModule(join(apps, "globals.spec.mjs"), `${name}.spec`);
    await copyFile(join(apps, "node.test.mjs"), join(project, `${name}.test.mjs`));
  }
}

/** Writes an ES module, and its translation into CommonJS. */
async function addModule(source: string, name: string): Promise<void> {
  const text = await readFile(source, "utf8");
  await writeFile(join(project, `${name}.mjs`), text);
  const options = { format: "cjs", supported: { "dynamic-import": false } } as const;
  const { code } = await transform(text.replaceAll('.mjs"', '.cjs"'), options);
  await writeFile(join(project, "cjs", `${name}.cjs`), code);
}

/** Returns the exit code and all output. */
async function run({
  args,
  folder,
}: Run): Promise<{ readonly code: number; readonly text: string }> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const PATH = `${dirname(node)}:${process.env["PATH"]}`;
  const options = { cwd: join(project, folder ?? "."), env: { ...inherited, PATH, NO_COLOR: "1" } };
  return new Promise((resolve) => {
    execFile(node, args, { ...options, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: stdout + stderr });
    });
  });
}

describe("telltale/testing", () => {
  const results = new Map<string, ReturnType<typeof run>>();

  before(async () => {
    await createProject();
    const lanes: Promise<unknown>[] = [];
    for (const [index, [title, one]] of Object.entries({ ...runs, ...refused }).entries()) {
      const result = Promise.resolve(lanes[index % LANES]).then(() => run(one));
      lanes[index % LANES] = result;
      results.set(title, result);
    }
  });

  after(async () => {
    await Promise.all(results.values());
    await rm(project, { recursive: true, force: true });
  });

  for (const [title, { output }] of Object.entries(runs)) {
    it(`runs forty tests of a shop under ${title}, beside the other runners`, async () => {
      const result = await results.get(title);
      assert.match(result?.text ?? "", output);
      assert.equal(result?.code, 0);
    });
  }

  for (const [title, { output }] of Object.entries(refused)) {
    it(`refuses ${title} by an error that has the remedy`, async () => {
      const result = await results.get(title);
      assert.match(result?.text ?? "", output);
      assert.equal(result?.code, 1);
    });
  }
});
