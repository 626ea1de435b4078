import { fileURLToPath } from "node:url";
import type { Receiver } from "../../../src/testing/receiver.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";
import { nodes, type TestNode } from "../../nodes.ts";

export interface AppOptions {
  /** A file of `apps/`, or an absolute one. */
  readonly app: string;
  readonly node: TestNode["name"];
  /** The receiver of its telemetry; without one, nothing is preloaded. */
  readonly receiver?: Receiver;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly cwd?: string;
}

type Line = Readonly<Record<string, unknown>>;

/** A process of an app of `apps/`, preloaded or bare, that has printed its ports. */
export class WebApp {
  readonly ports: Readonly<Record<string, number>>;
  readonly #program: Program;
  readonly #adminPort: number;

  private constructor(program: Program, ports: WebApp["ports"], adminPort: number) {
    this.#program = program;
    this.ports = ports;
    this.#adminPort = adminPort;
  }

  /** @throws Error if this Node is not installed, or if the app ends before it listens */
  static async start(options: AppOptions): Promise<WebApp> {
    const { app, receiver, env, ...rest } = options;
    const adminPort = await freePort();
    const program = new Program({
      ...rest,
      file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
      node: nodeOf(options.node),
      flags: receiver === undefined ? [] : preload.import,
      env: {
        ...(receiver && telemetryEnv(receiver)),
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        OTEL_BSP_SCHEDULE_DELAY: "20",
        ...env,
      },
    });
    try {
      return new WebApp(program, await program.waitForStdout(portsIn), adminPort);
    } catch (error) {
      program.kill("SIGKILL");
      throw error;
    }
  }

  port(name: string): number {
    const port = this.ports[name];
    if (port === undefined) throw new Error(`the app has no server ${name}`);
    return port;
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.port(name)}`;
  }

  /** The Prometheus page. */
  async page(): Promise<string> {
    const response = await adminPage(this.#adminPort, "/metrics");
    return response.text();
  }

  /** The JSON lines of its log. */
  get lines(): readonly Line[] {
    return linesIn(this.#program.stdout);
  }

  /** Waits for the first log line that matches. */
  line(matches: (line: Line, at: number) => boolean): Promise<Line> {
    return this.#program.waitForStdout((stdout) => linesIn(stdout).find(matches));
  }

  get ended(): Promise<ProgramResult> {
    return this.#program.ended;
  }

  async stop(): Promise<ProgramResult> {
    this.#program.kill("SIGTERM");
    return this.#program.ended;
  }
}

function nodeOf(name: TestNode["name"]): string {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`no Node ${name} on this platform`);
  return found.path;
}

function portsIn(stdout: string): WebApp["ports"] | undefined {
  const line = linesIn(stdout).find(({ message }) => message === "open");
  return line?.["ports"] as WebApp["ports"] | undefined;
}

/** Returns the complete JSON lines. */
function linesIn(stdout: string): Line[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}
