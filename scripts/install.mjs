import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildNode, installedNode, root } from "./node.mjs";

// Plain JavaScript: this runs on the machine's Node, whatever its age.

/** @typedef {{ folder: string, what: string, isThere: () => boolean }} Part */

/** @type {Part} */
const packages = {
  folder: ".",
  what: "packages",
  isThere: () => true,
};

/** @type {Part} */
const pinnedNode = {
  folder: "tools/node",
  what: "the pinned Node",
  isThere: () => buildNode() !== undefined,
};

/** @type {Part} */
const testNodes = {
  folder: "tools/test-nodes",
  what: "the other Nodes of the tests",
  isThere: () => ["node20", "node22"].every((name) => installedNode(name) !== undefined),
};

/**
 * The libraries of the tests: each group is a folder below `test/libraries` with
 * its own lockfile, so that several majors can be installed.
 *
 * @returns {Part[]}
 */
function libraryGroups() {
  return readdirSync(join(root, LIBRARIES))
    .filter((group) => existsSync(join(root, LIBRARIES, group, "package-lock.json")))
    .map((group) => ({
      folder: `${LIBRARIES}/${group}`,
      what: `the tests' libraries, ${group}`,
      isThere: () => true,
    }));
}

const LIBRARIES = "test/libraries";

/** Installs what `npm start` needs. */
export async function installForStart() {
  await install([pinnedNode, packages]);
}

/** Installs what `npm test` needs. */
export async function installForTest() {
  await install([pinnedNode, testNodes, packages, ...libraryGroups()]);
}

/** @param {Part[]} parts */
async function install(parts) {
  for (const part of parts) {
    if (fitsLockfile(part.folder) && part.isThere()) {
      log(`${part.what}: installed`);
      continue;
    }
    log(`${part.what}: npm ci --ignore-scripts${part.folder === "." ? "" : ` in ${part.folder}`}`);
    const before = Date.now();
    await npmCi(part.folder);
    if (!part.isThere()) {
      fail(`npm has nothing for ${process.platform}-${process.arch}: ${part.what}`);
    }
    log(`${part.what}: done in ${((Date.now() - before) / 1000).toFixed(1)} s`);
  }
}

/**
 * Whether npm's record of the installed packages agrees with the lockfile and with
 * the folders (`--package-lock-only` writes the record too): every package in its
 * locked version, and no other. Optional packages for other platforms may be missing.
 *
 * @param {string} folder
 */
function fitsLockfile(folder) {
  const record = join(root, folder, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const locked = JSON.parse(readFileSync(join(root, folder, "package-lock.json"), "utf8")).packages;
  const needed = Object.keys(locked).filter((path) => path !== "" && !locked[path].optional);
  return (
    needed.every((path) => path in installed && existsSync(join(root, folder, path))) &&
    Object.keys(installed).every((path) => path in locked && same(installed[path], locked[path]))
  );
}

function same(a, b) {
  return a.version === b.version && a.integrity === b.integrity;
}

/** @param {string} folder */
function npmCi(folder) {
  // npm sets its own path for its scripts; on Windows `npm` is not an executable.
  const cli = process.env.npm_execpath;
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const args = ["ci", "--ignore-scripts", "--prefer-offline", ...quiet];
  const [command, all] = cli?.endsWith("js") ? [process.execPath, [cli, ...args]] : ["npm", args];
  return new Promise((resolve) => {
    const child = spawn(command, all, {
      cwd: join(root, folder),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => (output += data));
    }
    child.on("error", (error) => fail(`npm does not start: ${error.message}`));
    child.on("close", (code) => {
      if (code === 0) resolve(undefined);
      else fail(`npm ci failed in ${folder}; its output:\n${output}`);
    });
  });
}

/** @param {string} text */
export function log(text) {
  process.stdout.write(`telltale: ${text}\n`);
}

/**
 * @param {string} text
 * @returns {never}
 */
function fail(text) {
  process.stderr.write(`telltale: ${text}\n`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await installForTest();
