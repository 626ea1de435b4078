import { createRequire } from "module";
import { isMainThread } from "worker_threads";
import { isSdkDisabled } from "./src/env.ts";

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

if (isSdkDisabled()) {
  // Not a word either: whoever switches us off knows.
} else if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  say(`Node ${process.versions.node} is too old, ${oldest.join(".")} is the oldest that works`);
} else if ((process.features as { require_module?: boolean }).require_module === false) {
  // By a flag, or in NODE_OPTIONS: nothing of ours could be loaded when it is needed.
  say("--no-require-module keeps ES modules from being loaded when they are needed; remove it");
} else {
  load();
}

function load(): void {
  const inSource = import.meta.url.slice(-3) === ".ts";
  try {
    const { start } = createRequire(import.meta.url)(
      inSource ? "./src/start.ts" : "./start.js",
    ) as typeof import("./src/start.ts");
    start();
  } catch (error) {
    say(`could not be loaded: ${String(error)}`);
  }
}

function say(reason: string): void {
  if (isMainThread && !isSaid()) {
    process.stderr.write(`telltale: ${reason}; nothing is recorded.\n`);
  }
}

/** Whether another copy, or the twin of this one, was here before. */
function isSaid(): boolean {
  const globals = globalThis as { [said]?: boolean };
  const isSaid = globals[said] === true;
  globals[said] = true;
  return isSaid;
}
