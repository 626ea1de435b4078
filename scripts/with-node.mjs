import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runInForeground } from "./foreground.mjs";
import { buildNode, root } from "./node.mjs";

/*
 * Runs a tool of this repository, or a script, with the pinned Node, while npm runs
 * with the machine's: `node scripts/with-node.mjs mocha --grep x`.
 */

/** Tools whose package has another name. */
const packages = { tsc: "typescript", attw: "@arethetypeswrong/cli" };

const [tool, ...args] = process.argv.slice(2);
const node = buildNode();
if (node === undefined) {
  stop("the pinned Node is missing; `npm run nodes` gets it");
} else if (tool === undefined) {
  stop("usage: node scripts/with-node.mjs <tool or script> [arguments]");
} else {
  const isScript = /\.[cm]?[jt]s$/.test(tool) || tool.startsWith("-");
  runInForeground(node, [isScript ? tool : entryOf(tool), ...args]);
}

/** Returns the script of a tool; a link in `.bin` can't be run on Windows. */
function entryOf(name) {
  const folder = join(root, "node_modules", packages[name] ?? name);
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) stop(`${name} is not installed; \`npm run nodes\` brings it`);
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
