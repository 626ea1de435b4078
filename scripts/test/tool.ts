import { spawn } from "node:child_process";
import { once } from "node:events";
import { root } from "../build/paths.ts";
import type { StageResult } from "./outcome.ts";

/** Runs a check with its output shown; it counts as one test. */
export async function runTool(script: string, args: readonly string[]): Promise<StageResult> {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}
