import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { node } from "../../nodes.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

/** The part of addresses that no output may contain. */
export const SECRET = "s3cretOfTheWebhook";

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a command where nothing is detected, and checks that it prints no secret. */
export async function runCli(
  args: readonly string[],
  { env = {}, input = "" }: CliOptions = {},
): Promise<CliResult> {
  const child = spawn(node, [cli, ...args], {
    cwd: "/",
    env: { PATH: process.env["PATH"], ...env },
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  assert.ok(!`${stdout}${stderr}`.includes(SECRET), `${stdout}${stderr}`);
  return { code, stdout, stderr };
}
