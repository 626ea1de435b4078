import type { Context } from "mocha";
import { findInPath, requiredPrograms } from "../scripts/test/programs.ts";

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
