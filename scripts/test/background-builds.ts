import { spawn } from "node:child_process";
import { once } from "node:events";
import { root } from "../build/paths.ts";

/** Scripts that compile what later stages run, for minutes on a new machine. */
const BUILDS = ["scripts/go-tools.ts", "scripts/collector.ts --build"];

/**
 * Starts the builds of Go programs at the lowest priority, beside the stages. They end at once if
 * all are in the cache. A test that needs one waits for it, or builds it and reports the error.
 *
 * @returns when they have ended, however they have.
 */
export async function runBackgroundBuilds(): Promise<void> {
  const command = BUILDS.map((script) => `"${process.execPath}" ${script}`).join("; ");
  const child = spawn("nice", ["-n", "15", "sh", "-c", command], { cwd: root, stdio: "ignore" });
  await once(child, "exit").catch(() => {});
}
