import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ExitPlan, ExitReport } from "./fixtures/end.ts";
import { WAIT_TIMEOUT_MS } from "../until.ts";

const fixture = fileURLToPath(new URL("fixtures/end.ts", import.meta.url));

/** A child process that creates spans and ends. */
export interface ExportProcess {
  readonly ended: Promise<ExportProcessResult>;
  /** Ends a process whose plan is to end on a message. */
  requestExit(): void;
  /** Resolves when the event loop of the child has turned once more. */
  runLoopOnce(): Promise<void>;
}

export interface ExportProcessResult {
  readonly report: ExitReport;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** Time since its start, in milliseconds. */
  readonly tookMs: number;
}

/**
 * @param flags flags for Node.
 * @param variables environment variables in addition to those of the test process.
 */
export function runExportProcess(
  plan: Partial<ExitPlan> & { url: string; count: number },
  flags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): ExportProcess {
  const fullPlan: ExitPlan = { end: "normal", deadlineMs: WAIT_TIMEOUT_MS, ...plan };
  const child = spawn(process.execPath, [...flags, fixture, JSON.stringify(fullPlan)], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe", fullPlan.end === "message" ? "ipc" : "ignore"],
  });
  return {
    ended: resultOf(child),
    requestExit: () => child.send("end"),
    runLoopOnce: async () => {
      child.send("turn");
      await once(child, "message");
    },
  };
}

async function resultOf(child: ChildProcess): Promise<ExportProcessResult> {
  const start = performance.now();
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  assert.ok(line !== undefined, `no report; stderr: ${stderr}`);
  const tookMs = performance.now() - start;
  return { report: JSON.parse(line) as ExitReport, stdout, stderr, code, tookMs };
}
