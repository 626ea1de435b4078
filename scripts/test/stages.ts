import { globSync } from "node:fs";
import { join } from "node:path";
import { root } from "../build/places.ts";
import { runMocha } from "./mocha.ts";
import { runTool } from "./tool.ts";
import type { Outcome } from "./outcome.ts";

export interface Stage {
  readonly name: string;
  readonly what: string;
  /** Stages without which this one can only fail. */
  readonly needs: readonly string[];
  /** @param options goes to mocha, if the stage has to do with it. */
  run(options: readonly string[]): Promise<Outcome>;
}

/** In this order; the quick ones first, mocha and its summary last. */
export const stages: readonly Stage[] = [
  check("format", "oxfmt --check", "node_modules/oxfmt/bin/oxfmt", ["--check"]),
  {
    name: "lint",
    what: "oxlint, and the time that regular expressions take",
    needs: [],
    async run() {
      const patterns = await runTool("scripts/patterns.ts", []);
      const { passed, failed } = await runTool("node_modules/oxlint/bin/oxlint", []);
      return { passed: patterns.passed + passed, failed: patterns.failed + failed };
    },
  },
  check("types", "tsc", "node_modules/typescript/bin/tsc", ["-p", "."]),
  check("build", "dist/", "scripts/build.ts", ["--quiet"]),
  tests(
    "unit",
    "one room at a time",
    [],
    ["test/**/*.test.ts"],
    ["collector", "integration", "libraries", "package", "readme"].map((room) => `test/${room}/**`),
  ),
  tests("package", "what npm would publish", ["build"], ["test/package/**/*.test.ts"]),
  tests("readme", "a reader who does what it says", ["build"], ["test/readme/**/*.test.ts"]),
  tests(
    "libraries",
    "every library of the support table",
    ["build"],
    ["test/libraries/**/*.test.ts"],
    ["test/libraries/*/node_modules/**"],
  ),
  tests(
    "collector",
    "the Collector, built, configured, run and broken",
    ["build"],
    ["test/collector/**/*.test.ts"],
  ),
  tests("integration", "real processes, preloaded", ["build"], ["test/integration/**/*.test.ts"]),
];

function check(name: string, what: string, script: string, args: readonly string[]): Stage {
  return { name, what, needs: [], run: () => runTool(script, args) };
}

function tests(
  name: string,
  what: string,
  needs: readonly string[],
  include: readonly string[],
  exclude: readonly string[] = [],
): Stage {
  return {
    name,
    what,
    needs,
    run(options) {
      const files = globSync(include, { cwd: root, exclude }).map((path) => join(root, path));
      const named = options.some((option) => option.endsWith(".ts"));
      return runMocha([...options, ...(named ? [] : files.toSorted())]);
    },
  };
}
