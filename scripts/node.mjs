import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// Plain JavaScript: this runs on the machine's Node, whatever its age.

/** The repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const platform = `${process.platform}-${process.arch}`;
const program = process.platform === "win32" ? "bin/node.exe" : "bin/node";

/**
 * Returns the path of a Node that npm installed below `tools/`, or undefined if it
 * is not installed or npm has none for this platform.
 *
 * @param {"node20" | "node22" | "node24" | "node26"} name
 * @returns {string | undefined}
 */
export function installedNode(name) {
  const folder = name === "node26" ? "node" : "test-nodes";
  const path = join(root, "tools", folder, "node_modules", `${name}-${platform}`, program);
  return existsSync(path) ? path : undefined;
}

/**
 * Returns the Node that builds and tests: the pinned one or, where npm has none for
 * the platform, the machine's if it can run TypeScript.
 *
 * @returns {string | undefined}
 */
export function buildNode() {
  return installedNode("node26") ?? (isNewEnough() ? process.execPath : undefined);
}

function isNewEnough() {
  return Number(process.versions.node.split(".")[0]) >= 26;
}

/**
 * Returns an environment whose PATH has that Node first, then the tools of this
 * repository.
 *
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf(node) {
  const path = [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH];
  return { ...process.env, PATH: path.filter(Boolean).join(delimiter) };
}
