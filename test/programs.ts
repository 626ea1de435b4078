import { spawnSync } from "node:child_process";
import type { Context } from "mocha";
import { goTool } from "../scripts/go-tools/build.ts";
import type { GoTool } from "../scripts/go-tools/modules.ts";
import { findInPath, requiredPrograms } from "../scripts/test/programs.ts";
import { UserError } from "../scripts/user-error.ts";

/** Time to compile the commands of `tools/` on two busy cores. */
const COLD_BUILD_MS = 30 * 60_000;

/**
 * Returns the path of a program from `scripts/debian-packages.txt`. Without it the test
 * is skipped (`npm test` reports that first), and fails if CI is set.
 */
export function programOrSkip(test: Context, program: string): string {
  const path = findInPath(program);
  if (path !== undefined) return path;
  const known = requiredPrograms().find((entry) => entry.program === program);
  if (known === undefined) throw new Error(`${program} is not in scripts/debian-packages.txt`);
  if (process.env["CI"]) throw new Error(`${program} is missing (Debian: ${known.debianPackage})`);
  return test.skip();
}

/**
 * Returns the path of a command of `tools/`, which is built first if needed. Without Go the test
 * is skipped, and fails if CI is set. The time limit of the test or hook is raised.
 */
export async function goToolOrSkip(test: Context, tool: GoTool): Promise<string> {
  test.timeout(COLD_BUILD_MS);
  try {
    return await goTool(tool);
  } catch (error) {
    if (process.env["CI"] || !(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return test.skip();
  }
}

/**
 * Skips the test without Go, and fails if CI is set. Debian's Go is too old, so it is not in the
 * list of programs. The time limit of the test or hook is raised, which may be the first to compile.
 */
export function goOrSkip(test: Context): void {
  test.timeout(COLD_BUILD_MS);
  skipUnless(test, findInPath("go") !== undefined, "go");
}

/**
 * Skips the test if the machine lacks what it needs, and fails if CI is set.
 *
 * @param what is missing otherwise, for the error.
 */
export function skipUnless(test: Context, isThere: boolean, what: string): void {
  if (isThere) return;
  if (process.env["CI"]) throw new Error(`${what} is missing`);
  test.skip();
}

/** Skips the test if a command such as `unshare` may not run here, and fails if CI is set. */
export function launcherOrSkip(test: Context, launcher: readonly string[]): void {
  const [command = "", ...args] = launcher;
  const { status } = spawnSync(command, [...args, "true"]);
  skipUnless(test, status === 0, `the right to run ${launcher.join(" ").slice(0, 60)}`);
}
