import { execFileSync } from "node:child_process";
import { root } from "../../scripts/node.mjs";

/** Returns the files below `paths` that git tracks, relative to the repository. */
export function trackedFiles(...paths: readonly string[]): string[] {
  const args = ["ls-files", "-z", "--", ...paths];
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
}
