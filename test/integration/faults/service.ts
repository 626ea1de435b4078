import { Agent, get } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { node } from "../../nodes.ts";
import { preload, Program, type ProgramResult } from "../program.ts";
import { pollUntil } from "../../until.ts";
import type { Signal } from "./peers.ts";

/** Half of the time after which the admin server closes an idle connection. */
const KEEP_ALIVE_MS = 2_500;

const file = fileURLToPath(new URL("apps/service.mjs", import.meta.url));

/** The accounts of one signal in `/healthz`. */
export interface Account {
  readonly created: number;
  readonly sent: number;
  readonly dropped: number;
  readonly queued: number;
  readonly reasons?: Readonly<Record<string, number>>;
}

export type Accounts = Readonly<Record<Signal, Account>>;

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

export interface ServiceOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly flags?: readonly string[] | undefined;
  /** A command that starts Node, with its arguments. */
  readonly launcher?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
}

/** A preloaded process with `apps/service.mjs`. Its connections are opened once, and kept. */
export class Service {
  readonly #program: Program;
  readonly #port: number;
  readonly #adminPort: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** A process without a free file descriptor accepts no other connection. */
  readonly #keepAlive = setInterval(() => void this.accounts().catch(() => {}), KEEP_ALIVE_MS);
  /** Statuses of its responses other than 200. */
  readonly failures: string[] = [];

  private constructor(program: Program, port: number, adminPort: number) {
    this.#keepAlive.unref();
    this.#program = program;
    this.#port = port;
    this.#adminPort = adminPort;
  }

  /** Starts it, and opens a connection to it and one to its admin server. */
  static async start({ env, flags = [], launcher = [], cwd }: ServiceOptions): Promise<Service> {
    const adminPort = await freePort();
    const [command, ...args] = [...launcher, node];
    const program = new Program({
      file,
      node: command,
      flags: [...args, ...preload.import, ...flags],
      env: {
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        ...env,
      },
      ...(cwd !== undefined && { cwd }),
    });
    const port = await program.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
    const service = new Service(program, Number(port), adminPort);
    // The admin server listens a little later than the service.
    await pollUntil(() => service.accounts().catch(() => undefined), "the admin server");
    return service;
  }

  get stderr(): string {
    return this.#program.stderr;
  }

  /** Makes a request. The service must respond to it with 200, whatever happens to the telemetry. */
  async request(path: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const { status } = await this.#get(this.#port, path, headers);
    if (status !== 200) this.failures.push(`${path}: ${status}`);
  }

  async accounts(): Promise<Accounts> {
    const read = (): Promise<Answer> => this.#get(this.#adminPort, "/healthz");
    // The admin server may have closed the idle connection at the same time.
    const { body } = await read().catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET") return read();
      throw error;
    });
    const { telemetry } = JSON.parse(body) as { telemetry: Record<string, Account> };
    const { spans, metrics, logs, events } = telemetry as Record<string, Account> & {
      readonly spans: Account;
      readonly metrics: Account;
      readonly logs: Account;
      readonly events: Account;
    };
    return { traces: spans, metrics, logs, errors: events };
  }

  /** Sends SIGTERM. Resolves when the process has ended. */
  async end(): Promise<ProgramResult> {
    clearInterval(this.#keepAlive);
    this.#program.kill("SIGTERM");
    const result = await this.#program.ended;
    this.#agent.destroy();
    return result;
  }

  #get(
    port: number,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path, headers, agent: this.#agent };
      get(options, (response) => {
        const { statusCode: status } = response;
        text(response).then((body) => resolve({ status, body }), reject);
      }).on("error", reject);
    });
  }
}
