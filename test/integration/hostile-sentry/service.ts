import { get } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { DropReason } from "../../../src/diagnostics/telemetry-counters.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program, type ProgramResult } from "../program.ts";

const file = fileURLToPath(new URL("apps/app.mjs", import.meta.url));

/** Time for the exit flush, in milliseconds. */
export const FLUSH_TIMEOUT_MS = 300;

export interface EventCounts {
  readonly created: number;
  readonly sent: number;
  readonly queued: number;
  readonly dropped: number;
  readonly reasons?: Readonly<Partial<Record<DropReason, number>>>;
}

/** A preloaded process with `apps/app.mjs`, which sends errors and nothing else. */
export class Service {
  readonly #program: Program;
  readonly #port: number;
  readonly #adminPort: number;
  /** Number of errors that were captured for its requests. */
  errors = 0;

  private constructor(program: Program, port: number, adminPort: number) {
    this.#program = program;
    this.#port = port;
    this.#adminPort = adminPort;
  }

  /** Starts it. Resolves when it accepts connections. */
  static async start(dsn: string, caFile: string): Promise<Service> {
    const adminPort = await freePort();
    const program = new Program({
      file,
      flags: ["--expose-gc", ...preload.import],
      env: {
        NODE_ENV: "test",
        NODE_EXTRA_CA_CERTS: caFile,
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        SENTRY_DSN: dsn,
        TELLTALE_FLUSH_TIMEOUT: String(FLUSH_TIMEOUT_MS),
        TELLTALE_REPEATED_ERRORS: "0",
      },
    });
    const port = await program.waitForStdout((stdout) => /^port (\d+)\n/m.exec(stdout)?.[1]);
    return new Service(program, Number(port), adminPort);
  }

  /** Resolves with the body of the response. Rejects for a status that is not expected. */
  async get(path: string, port: number = this.#port): Promise<unknown> {
    const expected = path.startsWith("/failing") ? 500 : 200;
    if (expected === 500) this.errors++;
    const { status, body } = await this.#request(port, path);
    if (status !== expected) throw new Error(`${path} is answered with ${status}: ${body}`);
    return expected === 200 ? JSON.parse(body) : undefined;
  }

  /** Has it capture so many errors at once. */
  async storm(count: number): Promise<void> {
    await this.get(`/storm/${count}`);
    this.errors += count;
  }

  async counts(): Promise<EventCounts> {
    const health = await this.get("/healthz", this.#adminPort);
    return (health as { telemetry: { events: EventCounts } }).telemetry.events;
  }

  /** Sends a signal. Resolves with the end of the process, and how long it took in milliseconds. */
  async end(signal: NodeJS.Signals): Promise<ProgramResult & { readonly tookMs: number }> {
    const startedAt = performance.now();
    this.#program.kill(signal);
    const result = await this.#program.ended;
    return { ...result, tookMs: performance.now() - startedAt };
  }

  #request(port: number, path: string): Promise<{ status: number | undefined; body: string }> {
    return new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path }, (response) => {
        const { statusCode: status } = response;
        text(response).then((body) => resolve({ status, body }), reject);
      }).on("error", reject);
    });
  }
}
