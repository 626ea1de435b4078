import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { dist, root } from "../build/paths.ts";

/** What the demo of this build prints, as a block of text. */
export async function demoOutput(): Promise<string> {
  const args = [join(dist, "cli.js"), "demo", "--once"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return fenced(demoOutputIn(stdout));
}

/** The picture in all that the demo, or `npm start`, says. */
export function demoOutputIn(stdout: string): string {
  return stdout.slice(stdout.search(/^\d+ requests, /m)).trimEnd();
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
