import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { dist, root } from "../build/paths.ts";

/** Runs the demo of this build, and returns its output as a code block. */
export async function demoOutput(): Promise<string> {
  const args = [join(dist, "cli.js"), "demo", "--once"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return fenced(demoOutputIn(stdout));
}

/** Cuts the picture out of the output of the demo or of `npm start`. */
export function demoOutputIn(stdout: string): string {
  return stdout.slice(stdout.search(/^\d+ requests, /m)).trimEnd();
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
