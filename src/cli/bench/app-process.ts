import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BenchError } from "./endpoint.ts";

/** `dist/register.js`, relative to `dist/*.js` or to this file. */
const registerModule = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/register.js" : "register.js",
  import.meta.url,
);

/** Time that an app has to listen. */
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 50;
/** Time that it has to end after SIGTERM. */
const KILL_AFTER_MS = 10_000;
const SHOWN_LINES = 15;

/** An app that was started for the measurement. */
export interface AppProcess {
  /** The last lines that it has printed. */
  output(): readonly string[];
  /** Why it has ended, or could not be started; undefined: it runs. */
  failure(): string | undefined;
  /** Ends it with the processes that it has started. */
  stop(): Promise<void>;
}

export interface AppOptions {
  readonly command: readonly string[];
  /** An address of the app. */
  readonly url: string;
  readonly variables: NodeJS.ProcessEnv;
  /** Default: the folder of this process. */
  readonly cwd: string | undefined;
  /** Where it must not listen: the address of an app that is started after it. */
  readonly reservedUrl: string | undefined;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Starts an app with the preload, and waits until it listens. Its output goes to a file, since
 * a pipe would cost the process time that sends the load.
 *
 * @throws BenchError if it does not listen, or if another process does already.
 */
export async function startApp(options: AppOptions): Promise<AppProcess> {
  const { url, reservedUrl } = options;
  for (const one of [url, reservedUrl])
    if (one !== undefined && (await listens(one)))
      throw new BenchError(
        `something listens on ${new URL(one).host} already; stop it, or leave the command out to measure it`,
      );
  const folder = mkdtempSync(join(tmpdir(), "telltale-bench-"));
  const app = new StartedApp(options, folder);
  try {
    await app.untilListening(options);
    return app;
  } catch (error) {
    await app.stop();
    throw error;
  }
}

/** Returns the variables of the app: what the user has set stays. */
export function appVariables(inherited: NodeJS.ProcessEnv, adminPort: number): NodeJS.ProcessEnv {
  const options = inherited["NODE_OPTIONS"] ?? "";
  const isExported = Object.keys(inherited).some((name) =>
    /^(?:OTEL_EXPORTER_OTLP_|TELLTALE_VIEWER$)/.test(name),
  );
  return {
    // Without a receiver, exports that fail again and again would be measured as well.
    ...(!isExported && { OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" }),
    // The default port may be that of another app.
    OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
    ...inherited,
    NODE_OPTIONS: `--import=${registerModule.href} ${options}`.trim(),
  };
}

class StartedApp implements AppProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #outputFile: string;
  #failure: string | undefined;
  #lines: readonly string[] | undefined;

  constructor({ command, variables: env, cwd }: AppOptions, folder: string) {
    const [program = "", ...args] = command;
    this.#folder = folder;
    this.#outputFile = join(folder, "output.log");
    const file = openSync(this.#outputFile, "a");
    // In a group of its own, so that programs such as npm end together with what they start.
    this.#child = spawn(program, args, {
      ...{ stdio: ["ignore", file, file], env, detached: true },
      ...(cwd !== undefined && { cwd }),
    });
    closeSync(file);
    this.#child.once("error", (error: NodeJS.ErrnoException) => {
      this.#failure = `the command can't be started: ${error.code ?? error.message}`;
    });
    this.#child.once("exit", (code, signal) => {
      this.#failure ??= `the app has ended with ${signal ?? `exit code ${code}`}`;
    });
  }

  async untilListening({ url, reservedUrl, signal }: AppOptions): Promise<void> {
    const end = performance.now() + START_TIMEOUT_MS;
    while (!(await listens(url))) {
      if (signal.aborted) return;
      const isLate = performance.now() > end;
      const { host } = new URL(url);
      const failure =
        this.#failure ??
        (await reservedFailure(reservedUrl, host)) ??
        (isLate ? `the app does not listen on ${host}` : undefined);
      if (failure !== undefined) throw new BenchError([failure, ...this.output()].join("\n  "));
      await pause(POLL_MS);
    }
  }

  failure(): string | undefined {
    return this.#failure;
  }

  output(): readonly string[] {
    return this.#lines ?? lastLines(readFileSync(this.#outputFile, "utf8"));
  }

  async stop(): Promise<void> {
    if (this.#lines !== undefined) return;
    const { exitCode, signalCode, pid } = this.#child;
    if (pid !== undefined) {
      if (exitCode === null && signalCode === null) {
        const exited = once(this.#child, "exit");
        const killTimer = setTimeout(() => killGroup(pid, "SIGKILL"), KILL_AFTER_MS);
        killGroup(pid, "SIGTERM");
        await exited;
        clearTimeout(killTimer);
      }
      // What it has left behind.
      killGroup(pid, "SIGKILL");
    }
    this.#lines = this.output();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function reservedFailure(
  reservedUrl: string | undefined,
  expected: string,
): Promise<string | undefined> {
  if (reservedUrl === undefined || !(await listens(reservedUrl))) return undefined;
  return `the app listens on ${new URL(reservedUrl).host}, expected ${expected}: the PORT of its environment; else start both apps, and give --against the address of one`;
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // All of it has ended.
  }
}

function lastLines(text: string): string[] {
  const lines = text.trimEnd().split("\n").slice(-SHOWN_LINES);
  return lines.length === 1 && lines[0] === "" ? [] : lines;
}

/** Whether a connection to the host and port of an address succeeds. */
async function listens(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: Number(port || (protocol === "https:" ? 443 : 80)) });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
