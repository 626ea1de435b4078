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
  /**
   * Whether it runs beside the others, if all run: once nothing is built in the background any
   * more, and after those before it that do the same. Its output is shown when it has ended.
   */
  readonly runsBeside?: true;
  /**
   * @param options arguments of mocha, for the stages that run it.
   * @param output where mocha writes.
   */
  run(options: readonly string[], output?: "inherit" | number): Promise<StageResult>;
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
      return addResults([patterns, await runTool("node_modules/oxlint/bin/oxlint", [])]);
    },
  },
  {
    name: "types",
    description: "tsc, of the project and of the viewer's page",
    needs: [],
    async run() {
      const results = [".", "src/viewer/page"].map((project) =>
        runTool("node_modules/typescript/bin/tsc", ["-p", project]),
      );
      return addResults(await Promise.all(results));
    },
  },
  checkStage("build", "dist/", "scripts/build.ts", ["--quiet"]),
  testStage(
    "unit",
    "one module at a time, in process",
    [],
    ["test/**/*.test.ts"],
    [...OWN_STAGES, "test/**/*.process.test.ts"],
  ),
  {
    ...testStage(
      "libraries",
      "every library of the support table",
      ["build"],
      ["test/libraries/**/*.test.ts"],
      ["test/libraries/*/node_modules/**"],
    ),
    // Most of its time, one core is idle.
    runsBeside: true,
  },
  testStage(
    "process",
    "modules in processes, bundles and servers",
    ["build"],
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
  {
    ...testStage(
      "collector",
      "the Collector: build, configuration, faults",
      ["build"],
      ["test/collector/**/*.test.ts"],
    ),
    runsBeside: true,
  },
  testStage(
    "integration",
    "real processes, preloaded",
    ["build"],
    ["test/integration/**/*.test.ts"],
  ),
];

function addResults(results: readonly StageResult[]): StageResult {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
  };
}

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
    run(options, output) {
      const files = globSync(include, { cwd: root, exclude }).map((path) => join(root, path));
      const named = options.some((option) => option.endsWith(".ts"));
      return runMocha([...options, ...(named ? [] : files.toSorted())], output);
    },
  };
}
