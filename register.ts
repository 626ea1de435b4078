import { createRequire } from "module";
import { isMainThread } from "worker_threads";
import { isSdkDisabled } from "./src/env.ts";

/*
 * The entry point of `--import telltale/register`, and all that is loaded if telltale
 * is disabled. Old versions of Node must be able to parse it, so it is built for Node
 * 12 and imports builtins without the `node:` prefix. The build also creates
 * `register.cjs` from it, for `--require` in versions that can't require ES modules.
 */
const minimumVersion = [22, 15] as const;
const REPORTED: unique symbol = Symbol.for("telltale.too-old") as never;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (isSdkDisabled()) {
  // Disabled on purpose, so nothing is logged either.
} else if (
  major < minimumVersion[0] ||
  (major === minimumVersion[0] && minor < minimumVersion[1])
) {
  report(
    `Node ${process.versions.node} is too old, ${minimumVersion.join(".")} or newer is required`,
  );
} else if ((process.features as { require_module?: boolean }).require_module === false) {
  // Set as a flag or in NODE_OPTIONS: no lazy module could be loaded.
  report("the flag --no-require-module prevents lazy modules from being loaded; remove it");
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
    report(`could not be loaded: ${String(error)}`);
  }
}

function report(reason: string): void {
  if (isMainThread && !isReported()) {
    process.stderr.write(`telltale: ${reason}; nothing is recorded.\n`);
  }
}

/** Whether another copy of this file, or its other build, has reported before. */
function isReported(): boolean {
  const globals = globalThis as { [REPORTED]?: boolean };
  const isReported = globals[REPORTED] === true;
  globals[REPORTED] = true;
  return isReported;
}
