import { createRequire } from "module";
import { isSwitchedOff } from "./src/env.ts";

/*
 * What `--import telltale/register` loads first: where we are switched off, all
 * that is loaded. An older Node must be able to read it to the end, and so it
 * is built for Node 12 and names the builtin without its prefix. The build makes `register.cjs` of
 * the same text, for the `--require` of Nodes that can't require an ES module.
 */
const oldest = [22, 15] as const;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (isSwitchedOff()) {
  // Not a word either: whoever switches us off knows.
} else if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
  const inSource = import.meta.url.slice(-3) === ".ts";
  const { start } = createRequire(import.meta.url)(
    inSource ? "./src/start.ts" : "./start.js",
  ) as typeof import("./src/start.ts");
  start();
} else {
  process.stderr.write(
    `telltale: Node ${process.versions.node} is too old, ${oldest.join(".")} is the oldest that works; nothing is recorded.\n`,
  );
}
