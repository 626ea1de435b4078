import { globSync } from "node:fs";
import { join } from "node:path";
import { root } from "../build/paths.ts";
import { runMocha } from "./mocha.ts";
import { runTool } from "./tool.ts";
import type { StageResult } from "./outcome.ts";

export interface TestStage {
  readonly name: string;
  readonly description: string;
  /** Stages that have to pass before this one can run. */
  readonly needs: readonly string[];
  /** @param options arguments of mocha, for the stages that run it. */
  run(options: readonly string[]): Promise<StageResult>;
}

/** Folders whose tests belong to other stages. */
const OWN_STAGES = ["collector", "integration", "libraries", "package", "readme"].map(
  (folder) => `test/${folder}/**`,
);

/** All stages in their order, the quick ones first. */
export const testStages: readonly TestStage[] = [
  checkStage("format", "oxfmt --check", "node_modules/oxfmt/bin/oxfmt", ["--check"]),
  {
    name: "lint",
    description: "oxlint, and the time that regular expressions take",
    needs: [],
    async run() {
      const patterns = await runTool("scripts/patterns.ts", []);
      const { passed, failed } = await runTool("node_modules/oxlint/bin/oxlint", []);
      return { passed: patterns.passed + passed, failed: patterns.failed + failed };
    },
  },
  checkStage("types", "tsc", "node_modules/typescript/bin/tsc", ["-p", "."]),
  checkStage("build", "dist/", "scripts/build.ts", ["--quiet"]),
  testStage(
    "unit",
    "one module at a time, in process",
    [],
    ["test/**/*.test.ts"],
    [...OWN_STAGES, "test/**/*.process.test.ts"],
  ),
  testStage(
    "process",
    "modules in processes, bundles and servers",
    [],
    ["test/**/*.process.test.ts"],
    OWN_STAGES,
  ),
  testStage(
    "package",
    "the package that npm would publish",
    ["build"],
    ["test/package/**/*.test.ts"],
  ),
  testStage(
    "readme",
    "the commands of the README and the docs",
    ["build"],
    ["test/readme/**/*.test.ts"],
  ),
  testStage(
    "libraries",
    "every library of the support table",
    ["build"],
    ["test/libraries/**/*.test.ts"],
    ["test/libraries/*/node_modules/**"],
  ),
  testStage(
    "collector",
    "the Collector: build, configuration, faults",
    ["build"],
    ["test/collector/**/*.test.ts"],
  ),
  testStage(
    "integration",
    "real processes, preloaded",
    ["build"],
    ["test/integration/**/*.test.ts"],
  ),
];

function checkStage(
  name: string,
  description: string,
  script: string,
  args: readonly string[],
): TestStage {
  return { name, description, needs: [], run: () => runTool(script, args) };
}

function testStage(
  name: string,
  description: string,
  needs: readonly string[],
  include: readonly string[],
  exclude: readonly string[] = [],
): TestStage {
  return {
    name,
    description,
    needs,
    run(options) {
      const files = globSync(include, { cwd: root, exclude }).map((path) => join(root, path));
      const named = options.some((option) => option.endsWith(".ts"));
      return runMocha([...options, ...(named ? [] : files.toSorted())]);
    },
  };
}
