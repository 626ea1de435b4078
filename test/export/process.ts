import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Plan, Report } from "./fixtures/end.ts";
import { PATIENCE_MS } from "../until.ts";

const fixture = fileURLToPath(new URL("fixtures/end.ts", import.meta.url));

/** A process of its own that makes spans and ends. */
export interface Child {
  readonly ended: Promise<Ended>;
  /** Where the plan is to end when told. */
  tell(): void;
  /** The child has gone through its loop once more. */
  turn(): Promise<void>;
}

export interface Ended {
  readonly report: Report;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** From its start, in milliseconds. */
  readonly tookMs: number;
}

/**
 * @param flags of Node, before the program.
 * @param variables beside those of the tests' own process.
 */
export function run(
  plan: Partial<Plan> & { url: string; count: number },
  flags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Child {
  const whole: Plan = { end: "normal", deadlineMs: PATIENCE_MS, ...plan };
  const child = spawn(process.execPath, [...flags, fixture, JSON.stringify(whole)], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe", whole.end === "told" ? "ipc" : "ignore"],
  });
  return {
    ended: outcomeOf(child),
    tell: () => child.send("end"),
    turn: async () => {
      child.send("turn");
      await once(child, "message");
    },
  };
}

async function outcomeOf(child: ChildProcess): Promise<Ended> {
  const start = performance.now();
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  assert.ok(line !== undefined, `no report; stderr: ${stderr}`);
  const tookMs = performance.now() - start;
  return { report: JSON.parse(line) as Report, stdout, stderr, code, tookMs };
}
