import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/node.mjs";
import { node } from "../../nodes.ts";
import { pollUntil } from "../../until.ts";
import { Program } from "../program.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of a developer with one app, in a temporary folder. */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), "telltale-project-"));
  readonly #file: string;
  #app: Program | undefined;
  #url = "";

  /** @param app a file of `apps/`. */
  constructor(app: string) {
    this.#file = join(this.folder, app);
    cpSync(join(import.meta.dirname, "apps", app), this.#file);
    writeFileSync(join(this.folder, "package.json"), '{ "name": "shop", "private": true }\n');
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
  }

  /** Returns `app.mjs:LINE` of the first line with a text. */
  placeOf(part: string): string {
    const lines = readFileSync(this.#file, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes(part));
    if (at === -1) throw new Error(`no line has ${part}`);
    return `${this.#file.slice(this.folder.length + 1)}:${at + 1}`;
  }

  /** Replaces a part of the app's source. */
  edit(part: string, by: string): void {
    const source = readFileSync(this.#file, "utf8");
    if (!source.includes(part)) throw new Error(`the source has no ${part}`);
    writeFileSync(this.#file, source.replace(part, by));
  }

  /** Starts the app by `telltale dev`, with a viewer on any port. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#app = new Program({
      file: cli,
      args: ["dev", "--port", "0", "--", node, this.#file],
      cwd: this.folder,
      env: { HOME: this.folder, OTEL_EXPORTER_PROMETHEUS_PORT: "0", ...env },
    });
    const port = await this.#app.waitForStdout((out) => /listening on (\d+)/.exec(out)?.[1]);
    this.#url = `http://127.0.0.1:${port}`;
  }

  /** Ends the app and its viewer. */
  async stop(): Promise<void> {
    this.#app?.kill("SIGTERM");
    await this.#app?.ended;
    this.#app = undefined;
  }

  /** Requests the app, and returns the status. */
  async request(method: string, path: string): Promise<number> {
    const response = await fetch(this.#url + path, { method });
    await response.arrayBuffer();
    return response.status;
  }

  /** Runs `telltale` in the folder of the project. */
  run(...args: readonly string[]): Promise<CommandResult> {
    return this.runWithInput("", ...args);
  }

  /** Runs `telltale` with a text on stdin, which then ends. */
  async runWithInput(input: string, ...args: readonly string[]): Promise<CommandResult> {
    const child = spawn(node, [cli, ...args], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // A command that reads no input ends before it is written.
    child.stdin.on("error", () => {}).end(input);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (child.exitCode === null) await once(child, "close");
    return { code: child.exitCode, stdout, stderr };
  }

  /** Runs a command until its output matches: telemetry arrives within a second. */
  async runUntil(pattern: RegExp, ...args: readonly string[]): Promise<CommandResult> {
    let last: CommandResult | undefined;
    return pollUntil(
      async () => {
        last = await this.run(...args);
        return pattern.test(last.stdout) ? last : undefined;
      },
      () => `telltale ${args.join(" ")} with ${pattern}, not:\n${last?.stdout}${last?.stderr}`,
    );
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
