import { createRequire } from "module";
import { isMainThread } from "worker_threads";
import { isSwitchedOff } from "./src/env.ts";

/*
 * What `--import telltale/register` loads first: where we are switched off, all
 * that is loaded. An older Node must be able to read it to the end, and so it
 * is built for Node 12 and names the builtins without their prefix. The build
 * makes `register.cjs` of the same text, for the `--require` of Nodes that can't
 * require an ES module.
 */
const oldest = [22, 15] as const;
const said: unique symbol = Symbol.for("telltale.too-old") as never;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (isSwitchedOff()) {
  // Not a word either: whoever switches us off knows.
} else if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
  const inSource = import.meta.url.slice(-3) === ".ts";
  const { start } = createRequire(import.meta.url)(
    inSource ? "./src/start.ts" : "./start.js",
  ) as typeof import("./src/start.ts");
  start();
} else if (isMainThread && !isSaid()) {
  process.stderr.write(
    `telltale: Node ${process.versions.node} is too old, ${oldest.join(".")} is the oldest that works; nothing is recorded.\n`,
  );
}

/** Whether another copy, or the twin of this one, was here before. */
function isSaid(): boolean {
  const globals = globalThis as { [said]?: boolean };
  const isSaid = globals[said] === true;
  globals[said] = true;
  return isSaid;
}
