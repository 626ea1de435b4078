import { fileURLToPath } from "node:url";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, type ProgramResult } from "../program.ts";

/** Counters of the lines in `/healthz`. */
export interface LineCounts {
  readonly created: number;
  readonly sent: number;
  readonly queued: number;
  readonly dropped: number;
  readonly reasons?: Readonly<Record<string, number>>;
}

export interface LogServiceOptions {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Node's flags before the preload. */
  readonly early?: readonly string[];
  /** Commands of a shell that precede the start of Node. */
  readonly shell?: string;
}

/** A process with `apps/service.mjs`, which logs when it is requested. */
export class LogService {
  readonly #program: Program;
  readonly #port: number;
  readonly #adminPort: number;

  private constructor(program: Program, port: number, adminPort: number) {
    this.#program = program;
    this.#port = port;
    this.#adminPort = adminPort;
  }

  static async start({ folder, env, early = [], shell }: LogServiceOptions): Promise<LogService> {
    const adminPort = await freePort();
    const flags = [...early, ...preload.import];
    const program = new Program({
      file: fileURLToPath(new URL("apps/service.mjs", import.meta.url)),
      ...(shell === undefined
        ? { flags }
        : {
            node: "/bin/sh",
            flags: ["-c", `${shell}; exec "$@"`, "sh", process.execPath, ...flags],
          }),
      env: {
        OTEL_TRACES_EXPORTER: "none",
        OTEL_METRICS_EXPORTER: "prometheus",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        TELLTALE_FLUSH_TIMEOUT: "60000",
        // On a busy machine any request may be slow, and has one more line then.
        TELLTALE_SLOW_REQUEST_MS: "0",
        TELLTALE_LOG_DIR: folder,
        TELLTALE_LOG_MAX_SIZE: "0",
        ...env,
      },
    });
    const port = await program.waitForStdout((stdout) => /^(\d+)\n/.exec(stdout)?.[1]);
    return new LogService(program, Number(port), adminPort);
  }

  /** Logs lines with the numbers from `from` on, each with `size` more characters. */
  async log(from: number, count: number, size = 0): Promise<void> {
    const response = await this.#get(`lines/${from}/${count}/${size}`);
    if (!response.ok) throw new Error(`responded ${response.status}`);
  }

  /** Logs lines and waits until they are in the files. */
  async logAndWait(from: number, count: number): Promise<void> {
    await this.log(from, count);
    await this.waitForCounts(({ queued }) => queued === 0);
  }

  async counts(): Promise<LineCounts> {
    const { telemetry } = await this.#health<{ telemetry: { log_lines: LineCounts } }>();
    return telemetry.log_lines;
  }

  /** Returns the status of the check of the log files. */
  async status(): Promise<string> {
    const { checks } = await this.#health<{ checks: { log_files: { status: string } } }>();
    return checks.log_files.status;
  }

  async waitForCounts(isExpected: (counts: LineCounts) => boolean): Promise<void> {
    let counts: LineCounts | undefined;
    await pollUntilTrue(
      async () => isExpected((counts = await this.counts())),
      () => `the counts, which are ${JSON.stringify(counts)}`,
    );
  }

  async metrics(): Promise<string> {
    const response = await adminPage(this.#adminPort, "/metrics");
    return response.text();
  }

  /** Stops it by a signal that it has no listener for. */
  async stop(): Promise<ProgramResult> {
    this.#program.kill("SIGTERM");
    return this.#program.ended;
  }

  async #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}/${path}`);
  }

  async #health<Health>(): Promise<Health> {
    const response = await adminPage(this.#adminPort, "/healthz");
    return (await response.json()) as Health;
  }
}
