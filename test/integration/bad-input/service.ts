import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { SignalName } from "../../../src/diagnostics/telemetry-counters.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { node } from "../../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

const app = fileURLToPath(new URL("app.js", import.meta.url));

/** Node's flags that preload the build. */
export const preloadFlags: readonly string[] = [
  "--import",
  new URL("../../../dist/register.js", import.meta.url).href,
];

/** Exit of a process. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Counters of one signal without zeros: `{ sent: 2, failed: 1 }`. */
export type SignalCounts = Readonly<Record<string, number>>;

/** A process with `app.js`. */
export class ServiceProcess {
  /** Processes that are still running. */
  static readonly #running = new Set<ServiceProcess>();
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<void>;
  /** Resolves when the process has exited and its output is complete. */
  #isClosed = false;
  readonly #adminPort: number;
  #port = 0;
  #stdout = "";
  #stderr = "";

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>, adminPort: number) {
    this.#child = child;
    this.#adminPort = adminPort;
    this.#closed = once(child, "close").then(() => {
      this.#isClosed = true;
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
  }

  /**
   * Starts the service. Resolves when it accepts connections.
   *
   * @param env its environment, in addition to the common variables.
   * @param flags Node's flags. Without any, nothing is preloaded.
   */
  static async start(
    env: Readonly<Record<string, string>>,
    flags: readonly string[] = preloadFlags,
  ): Promise<ServiceProcess> {
    const adminPort = Number(env["OTEL_EXPORTER_PROMETHEUS_PORT"] ?? (await freePort()));
    const child = spawn(node, [...flags, app], {
      env: {
        PATH: process.env["PATH"],
        // In tests Express does not print the errors of its responses.
        NODE_ENV: "test",
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const service = new ServiceProcess(child, adminPort);
    ServiceProcess.#running.add(service);
    service.#port = Number(await service.#openPort());
    return service;
  }

  /** Kills processes that failed tests have left running. */
  static async killAll(): Promise<void> {
    await Promise.all([...ServiceProcess.#running].map((service) => service.end("SIGKILL")));
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the status of the response. */
  async get(path = "/"): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`);
    await response.arrayBuffer();
    return response.status;
  }

  /**
   * Resolves with the counters of `/healthz` as soon as they match.
   * Rejects with the latest after two minutes.
   */
  async waitForCounts(
    isExpected: (counts: Readonly<Record<SignalName, SignalCounts>>) => boolean = () => true,
  ): Promise<Readonly<Record<SignalName, SignalCounts>>> {
    const end = performance.now() + WAIT_TIMEOUT_MS;
    for (;;) {
      const counts = await this.#readCounts();
      if (isExpected(counts)) return counts;
      if (performance.now() > end) {
        throw new Error(`the counters stay ${JSON.stringify(counts)}; stderr: ${this.#stderr}`);
      }
      await setTimeout(5);
    }
  }

  /** Resolves when stderr matches. */
  async waitForStderr(isExpected: (stderr: string) => boolean): Promise<void> {
    while (!isExpected(this.#stderr)) await this.#nextOutput();
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<ExitStatus> {
    this.#child.kill(signal);
    await this.#closed;
    ServiceProcess.#running.delete(this);
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  async #openPort(): Promise<string | undefined> {
    for (;;) {
      const found = /"port":(\d+)/.exec(this.#stdout);
      if (found !== null) return found[1];
      await this.#nextOutput();
    }
  }

  async #readCounts(): Promise<Readonly<Record<SignalName, SignalCounts>>> {
    const response = await adminPage(this.#adminPort, "/healthz");
    const { telemetry } = (await response.json()) as {
      telemetry: Readonly<Record<SignalName, HealthzSignal>>;
    };
    const counts = Object.entries(telemetry).map(([signal, healthz]) => [
      signal,
      signalCounts(healthz),
    ]);
    return Object.fromEntries(counts) as Readonly<Record<SignalName, SignalCounts>>;
  }

  /** Resolves with the next output. */
  async #nextOutput(): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (this.#isClosed) {
      throw new Error(`the service has ended:\n${this.#stdout}\n${this.#stderr}`);
    }
    const aborter = new AbortController();
    const { signal } = aborter;
    const outputs = [stdout, stderr].map((output) => once(output, "data", { signal }));
    for (const output of outputs) output.catch(() => {});
    await Promise.race([...outputs, this.#closed]);
    aborter.abort();
  }
}

/** Counters of one signal in `/healthz`. */
interface HealthzSignal {
  readonly created: number;
  readonly sent: number;
  readonly queued: number;
  readonly dropped: number;
  readonly reasons?: Readonly<Record<string, number>>;
}

/** Also asserts that created = sent + dropped + queued. */
function signalCounts({
  created,
  sent,
  queued,
  dropped,
  reasons = {},
}: HealthzSignal): SignalCounts {
  const all = { sent, queued, ...reasons };
  const sum = Object.values(all).reduce((total, count) => total + count, 0);
  if (sum !== created || created !== sent + queued + dropped || queued < 0) {
    throw new Error(`${created} created is not ${JSON.stringify(all)} and ${dropped} dropped`);
  }
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
}
