import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../build/paths.ts";
import type { StageResult } from "./outcome.ts";

/** How long mocha may run after the last test, in milliseconds; a busy machine takes some seconds. */
const LINGER_MS = 30_000;

/**
 * Runs mocha on `args`. A run that died before its end, or that was kept alive
 * after it, counts as one more failure.
 *
 * @param output where mocha writes: the terminal, or a file descriptor if other stages write
 *   to the terminal meanwhile.
 */
export async function runMocha(
  args: readonly string[],
  output: "inherit" | number = "inherit",
): Promise<StageResult> {
  const mocha = join(root, "node_modules/mocha/bin/mocha.js");
  const reporter = join(root, "scripts/test/reporter.mjs");
  const child = spawn(process.execPath, [mocha, "--reporter", reporter, ...args], {
    cwd: root,
    env: { ...process.env, TEST_PORTS: output === "inherit" ? "first" : "second" },
    stdio: ["ignore", output, output, "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const counts = await readCounts(child);
  const lingers = !(await hasExited(exited));
  if (lingers) {
    process.stdout.write("something still runs after the last test; `npx why-is-node-running`\n");
    child.kill("SIGKILL");
  }
  if (counts === undefined) return { passed: 0, failed: 1 };
  const [code] = await exited;
  const failed = counts.failures + (lingers ? 1 : 0);
  return {
    passed: counts.passes,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    failures: counts.failed,
  };
}

interface MochaCounts {
  readonly passes: number;
  readonly failures: number;
  readonly failed: readonly string[];
}

/** Reads the counts that the reporter writes; undefined if the run did not finish. */
async function readCounts(child: ChildProcess): Promise<MochaCounts | undefined> {
  const pipe = child.stdio[3];
  if (pipe === null || pipe === undefined || !("read" in pipe)) return undefined;
  let text = "";
  for await (const chunk of pipe) {
    text += String(chunk);
    // The pipe is not closed before the process ends.
    if (text.endsWith("\n")) return JSON.parse(text) as MochaCounts;
  }
  return undefined;
}

async function hasExited(exited: Promise<unknown>): Promise<boolean> {
  const timeout = AbortSignal.timeout(LINGER_MS);
  const result = await Promise.race([exited, once(timeout, "abort").then(() => undefined)]);
  return result !== undefined;
}
