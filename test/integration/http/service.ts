import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";

/** Process of an app of `apps/`, with or without the preload. */
export class HttpService {
  readonly ports: Readonly<Record<string, number>>;
  readonly adminPort: number;
  readonly #program: Program;

  private constructor(program: Program, ports: Readonly<Record<string, number>>, admin: number) {
    this.#program = program;
    this.ports = ports;
    this.adminPort = admin;
  }

  /** @param receiver receives its telemetry; without one, nothing is preloaded. */
  static async start(options: HttpServiceOptions): Promise<HttpService> {
    const { app, node, args = [], receiver, env, flags = [], early = [] } = options;
    const adminPort = await freePort();
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
      node,
      args,
      flags: [...early, ...(receiver === undefined ? [] : preload.import), ...flags],
      env: {
        ...(receiver && telemetryEnv(receiver)),
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        OTEL_BSP_SCHEDULE_DELAY: "20",
        ...env,
      },
    });
    return new HttpService(program, await program.waitForStdout(portsIn), adminPort);
  }

  /** Returns the Prometheus page. */
  async page(): Promise<string> {
    const response = await adminPage(this.adminPort, "/metrics");
    return response.text();
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports["plain"]}${path}`, { headers });
  }

  connect(server = "plain", certificates?: Certificates): Socket {
    const port = this.ports[server];
    if (port === undefined) throw new Error(`no server ${server}`);
    if (certificates === undefined) return connect(port, "127.0.0.1");
    return connectTls({ port, host: "127.0.0.1", ca: certificates.ca });
  }

  async stop(): Promise<ProgramResult> {
    this.#program.kill("SIGTERM");
    return this.#program.ended;
  }
}

export interface HttpServiceOptions {
  /** File of `apps/`. */
  readonly app: string;
  readonly node: string;
  readonly args?: readonly string[];
  /** Flags for Node, and flags before the preload. */
  readonly flags?: readonly string[];
  readonly early?: readonly string[];
  readonly receiver?: Receiver;
  readonly env?: Readonly<Record<string, string>>;
}

function portsIn(stdout: string): Record<string, number> | undefined {
  const end = stdout.indexOf("\n");
  return end === -1 ? undefined : (JSON.parse(stdout.slice(0, end)) as Record<string, number>);
}

/** The same app twice, with and without the preload, which causes each difference. */
export class ServicePair {
  readonly receiver: Receiver;
  readonly bare: HttpService;
  readonly preloaded: HttpService;
  readonly certificates: Certificates;
  readonly #folder: string;

  private constructor(parts: {
    receiver: Receiver;
    bare: HttpService;
    preloaded: HttpService;
    certificates: Certificates;
    folder: string;
  }) {
    this.receiver = parts.receiver;
    this.bare = parts.bare;
    this.preloaded = parts.preloaded;
    this.certificates = parts.certificates;
    this.#folder = parts.folder;
  }

  /** Starts both, with the paths of a key and of a certificate as arguments. */
  static async start(app: string, node: string): Promise<ServicePair> {
    const certificates = makeCertificates();
    const folder = mkdtempSync(join(tmpdir(), "telltale-entry-"));
    const args = (["key", "cert"] as const).map((part) => {
      const path = join(folder, `${part}.pem`);
      writeFileSync(path, certificates.server[part]);
      return path;
    });
    const receiver = await startReceiver();
    const [bare, preloaded] = await Promise.all([
      HttpService.start({ app, node, args }),
      HttpService.start({ app, node, args, receiver }),
    ]);
    return new ServicePair({ receiver, bare, preloaded, certificates, folder });
  }

  /** @returns how the preloaded one has exited, once all of its telemetry was received. */
  async stop(): Promise<ProgramResult> {
    const [, ended] = await Promise.all([this.bare.stop(), this.preloaded.stop()]);
    await this.receiver.settled();
    await this.receiver.close();
    rmSync(this.#folder, { recursive: true });
    return ended;
  }
}
