import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants } from "node:os";
import { buildNode, environmentOf, root } from "./node.mjs";

/*
 * `node scripts/with-node.mjs mocha --grep x`: runs a tool of this repository,
 * or a script, with the pinned Node, though npm itself runs on the machine's.
 */

/** The tools whose package has another name. */
const packages = { tsc: "typescript", attw: "@arethetypeswrong/cli" };

const [tool, ...args] = process.argv.slice(2);
const node = buildNode();
if (node === undefined) {
  stop("the pinned Node is missing; `npm run prepare:node` gets it");
} else if (tool === undefined) {
  stop("usage: node scripts/with-node.mjs <tool or script> [arguments]");
} else {
  run(node, /\.[cm]?[jt]s$/.test(tool) || tool.startsWith("-") ? tool : entryOf(tool));
}

/** The file behind a tool's name; a `.bin` link would not do on Windows. */
function entryOf(name) {
  const folder = join(root, "node_modules", packages[name] ?? name);
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest))
    stop(`${name} is not installed; \`npm ci --ignore-scripts\` brings it`);
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

function run(node, entry) {
  const child = spawn(node, [entry, ...args], { stdio: "inherit", env: environmentOf(node) });
  // Ctrl-C reaches the child by itself, as it is in the same process group.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  }
  child.on("error", (error) => stop(error.message));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
