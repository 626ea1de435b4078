import { fileURLToPath } from "node:url";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program, type ProgramResult } from "../program.ts";
import type { CountingReceiver } from "./counting-receiver.ts";

const file = fileURLToPath(new URL("apps/service.mjs", import.meta.url));

/** What must not grow with the number of requests. */
export interface Footprint {
  /** After garbage collections, in bytes. */
  readonly heapUsed: number;
  readonly rss: number;
  /** Kinds of active resources, without sockets. */
  readonly handles: readonly string[];
  /** Events of `process` and the numbers of their listeners. */
  readonly listeners: readonly string[];
  /** Number of open files and sockets. */
  readonly files: number;
}

export interface Account {
  readonly created: number;
  readonly sent: number;
  readonly dropped: number;
  readonly queued: number;
}

/** A preloaded process with `apps/service.mjs`. */
export class Service {
  readonly #program: Program;
  readonly port: number;
  readonly #adminPort: number;

  private constructor(program: Program, port: number, adminPort: number) {
    this.#program = program;
    this.port = port;
    this.#adminPort = adminPort;
  }

  static async start(
    receiver: CountingReceiver,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Service> {
    const adminPort = await freePort();
    const program = new Program({
      file,
      flags: ["--expose-gc", ...preload.import],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        TELLTALE_SLOW_REQUEST_MS: "0",
        TELLTALE_EVENT_LOOP_STALL_MS: "0",
        // The exit flush may take longer than the default on a busy host.
        TELLTALE_FLUSH_TIMEOUT: "60000",
        ...env,
      },
    });
    const port = await program.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
    return new Service(program, Number(port), adminPort);
  }

  get stderr(): string {
    return this.#program.stderr;
  }

  async footprint(): Promise<Footprint> {
    const response = await fetch(`http://127.0.0.1:${this.port}/footprint`, { headers: CLOSE });
    return (await response.json()) as Footprint;
  }

  /** Resolves with the accounts of spans and log records as soon as they are as expected. */
  async accounts(
    isExpected: (accounts: Record<"spans" | "logs", Account>) => boolean = () => true,
  ): Promise<Record<"spans" | "logs", Account>> {
    let latest = "";
    return pollUntil(
      async () => {
        const { telemetry } = await this.#health();
        latest = JSON.stringify(telemetry);
        return isExpected(telemetry) ? telemetry : undefined;
      },
      () => `the accounts are ${latest}; ${this.stderr}`,
    );
  }

  /** Sends SIGTERM. Resolves when the process has ended. */
  end(): Promise<ProgramResult> {
    this.#program.kill("SIGTERM");
    return this.#program.ended;
  }

  async #health(): Promise<{ readonly telemetry: Record<"spans" | "logs", Account> }> {
    const response = await adminPage(this.#adminPort, "/healthz", CLOSE);
    return (await response.json()) as { telemetry: Record<"spans" | "logs", Account> };
  }
}

/** Leaves no connection open, whose memory would be counted. */
const CLOSE = { connection: "close" };
