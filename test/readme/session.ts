import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { root } from "../../scripts/node.mjs";
import { node } from "../nodes.ts";

/** Text of the pages, and its replacement in this run. */
export type Replacements = readonly (readonly [written: string, real: string])[];

type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** A shell that does what a reader of the pages would do, in a new project. */
export class ReaderSession {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "telltale-readme-"));
  readonly #replacements: Replacements;
  readonly #env: Readonly<Record<string, string>>;
  #preparation = "";
  #server: { child: Child; stdout: string; closed: Promise<unknown> } | undefined = undefined;

  /** @param env variables of all commands, in addition to those of any shell. */
  constructor(places: Replacements, env: Readonly<Record<string, string>>) {
    this.#replacements = places;
    this.#env = env;
    mkdirSync(this.project);
    mkdirSync(this.packages);
    writeFileSync(join(this.project, "package.json"), '{ "private": true, "type": "module" }\n');
  }

  /** The folder of the reader's app. */
  get project(): string {
    return join(this.#folder, "app");
  }

  /** The folder where the README expects the package. */
  get packages(): string {
    return join(this.#folder, "telltale");
  }

  /** Links the app's packages from this checkout, since there may be no network. */
  linkPackages(...packages: readonly string[]): void {
    for (const name of packages) {
      const link = join(this.project, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, "node_modules", name), link);
    }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.project, name), `${this.#replacePlaceholders(text)}\n`);
  }

  /** Adds commands that run before all others. */
  addPreparation(commands: string): void {
    this.#preparation += `${this.#replacePlaceholders(commands)}\n`;
  }

  /** Runs commands in the reader's app, without a network. */
  run(commands: string): Promise<CommandOutput> {
    return this.#collectOutput(
      this.#spawn(this.#preparation + this.#replacePlaceholders(commands)),
    );
  }

  /** Runs commands in this repository. */
  runInCheckout(commands: string): Promise<CommandOutput> {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    return this.#collectOutput(spawn("sh", ["-ec", commands], { cwd: root, stdio: [...stdio] }));
  }

  async #collectOutput(child: Child): Promise<CommandOutput> {
    const printed = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => (printed[name] += text));
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { stdout: this.#restorePlaceholders(printed.stdout), stderr: printed.stderr, code };
  }

  /** Starts a server that runs until the end of the session; one at a time. */
  serve(command: string): void {
    const child = this.#spawn(`${this.#preparation}exec ${this.#replacePlaceholders(command)}`);
    const served = { child, stdout: "", closed: once(child, "close") };
    this.#server = served;
    child.stdout.setEncoding("utf8").on("data", (text: string) => (served.stdout += text));
    child.stderr.pipe(process.stderr);
  }

  /** Whether a `host:port` accepts connections; sends no request. */
  async isOpen(place: string): Promise<boolean> {
    const { hostname, port } = new URL(`http://${this.#replacePlaceholders(place)}`);
    const socket = connect(Number(port), hostname);
    const isConnected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    return isConnected;
  }

  /** Output of the server so far. */
  get logs(): string {
    return this.#restorePlaceholders(this.#server?.stdout ?? "");
  }

  /** Ends the server, and returns the signal that ended it. */
  async end(): Promise<NodeJS.Signals | null> {
    this.#server?.child.kill("SIGTERM");
    await this.#server?.closed;
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#server?.child.signalCode ?? null;
  }

  #spawn(script: string): Child {
    const path = `${dirname(node)}${delimiter}${process.env["PATH"]}`;
    return spawn("sh", ["-ec", script], {
      cwd: this.project,
      env: {
        PATH: path,
        HOME: process.env["HOME"],
        NODE_ENV: "test",
        npm_config_cache: join(this.#folder, "cache"),
        npm_config_offline: "true",
        npm_config_audit: "false",
        npm_config_fund: "false",
        ...this.#env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  #replacePlaceholders(text: string): string {
    return this.#replacements.reduce(
      (done, [written, real]) => done.replaceAll(written, real),
      text,
    );
  }

  #restorePlaceholders(text: string): string {
    return this.#replacements.reduce(
      (done, [written, real]) => done.replaceAll(real, written),
      text,
    );
  }
}
