import { spawn } from "node:child_process";
import { constants } from "node:os";
import { environmentOf } from "./node.mjs";

/**
 * Runs a script with `node` in place of this process: same terminal, signals and
 * exit.
 *
 * @param {string} node
 * @param {string[]} args
 */
export function runInForeground(node, args) {
  const child = spawn(node, args, { stdio: "inherit", env: environmentOf(node) });
  // Ctrl-C reaches the child too, as it is in the same process group.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  child.on("error", (error) => {
    process.stderr.write(`${node} does not start: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}
