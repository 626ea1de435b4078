import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collector } from "../../../scripts/collector/paths.ts";
import { Daemon } from "../../libraries/servers/daemon.ts";
import { pollUntil } from "../../until.ts";
import { type PageSample, parseSamples } from "./page.ts";
import { type CollectorPorts, freeCollectorPorts, portVariables } from "./ports.ts";
import type { PresetName } from "./preset.ts";

/** Replaces the shell by the Collector, so that the shell's pid is the Collector's. */
const START = 'echo $$ >"$1"; shift; exec "$@"';
/** Runs in a separate mount namespace, where an unprivileged user may mount. */
const START_ON_DISK = `set -e; mkdir -p "$1"; mount -t tmpfs -o size="$2" none "$1"; shift 2; ${START}`;

export interface InstanceOptions {
  /** Environment variables in addition to ports and folders. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Size of a disk for the queue, for example "2m". It is in memory, and ends with the
   * process. Default: the queue is in the folder of temporary files.
   */
  readonly diskSize?: string;
  /** Arguments of the Collector after the preset: `--config=...` overlays it. */
  readonly args?: readonly string[];
}

/**
 * A preset that can be killed and started again, with the same ports and queue.
 * Ends with this process, however that ends.
 */
export class CollectorInstance {
  /** Fits `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** URL of the services' metrics for Prometheus, only of the gateway. */
  readonly prometheusUrl: string;
  readonly healthUrl: string;
  /** Folder of the queue, which outlives the process. */
  readonly directory: string;
  readonly #metricsUrl: string;
  readonly #command: (pidFile: string) => [string, ...string[]];
  readonly #env: Readonly<Record<string, string>>;
  readonly #name: string;
  #daemon: Daemon | undefined;

  private constructor(
    binary: string,
    name: PresetName,
    ports: CollectorPorts,
    { env, diskSize, args = [] }: InstanceOptions,
  ) {
    this.#name = name;
    this.directory = mkdtempSync(join(tmpdir(), `telltale-${name}-`));
    this.url = `http://127.0.0.1:${ports.http}`;
    this.prometheusUrl = `http://127.0.0.1:${ports.prometheus}/metrics`;
    this.healthUrl = `http://127.0.0.1:${ports.health}/`;
    this.#metricsUrl = `http://127.0.0.1:${ports.metrics}/metrics`;
    const command = [binary, `--config=${join(collector, `${name}.yaml`)}`, ...args];
    const queue = join(this.directory, "queue");
    this.#command = (pidFile) =>
      diskSize === undefined
        ? ["/bin/sh", "-c", START, "sh", pidFile, ...command]
        : [
            ...(["unshare", "-rm", "/bin/sh", "-c", START_ON_DISK, "sh"] as const),
            ...[queue, diskSize, pidFile, ...command],
          ];
    this.#env = {
      ...portVariables(ports),
      TELLTALE_COLLECTOR_QUEUE: queue,
      ...env,
    };
  }

  static async start(
    binary: string,
    name: PresetName,
    options: InstanceOptions = {},
  ): Promise<CollectorInstance> {
    const instance = new CollectorInstance(binary, name, await freeCollectorPorts(), options);
    await instance.start();
    return instance;
  }

  /** Starts it, also after `kill` or `end`. */
  async start(): Promise<void> {
    const daemon = new Daemon(this.#name);
    await daemon.start({
      name: this.#name,
      command: this.#command(join(daemon.directory, "pid")),
      env: this.#env,
      // It decides on what waits and writes it to its queue, which a busy machine takes long for.
      endSeconds: 60,
      isReady: async () => {
        const response = await fetch(this.healthUrl);
        if (!response.ok) throw new Error(`health: ${response.status}`);
      },
    });
    this.#daemon = daemon;
  }

  get pid(): number {
    return Number(readFileSync(join(this.#daemon!.directory, "pid"), "utf8"));
  }

  /** Kills it, as a crash or the kernel's out-of-memory killer does. */
  async kill(): Promise<void> {
    process.kill(this.pid, "SIGKILL");
    await this.end();
  }

  /** Ends it gracefully by SIGTERM, as Kubernetes does. */
  async end(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  /** Ends it, and deletes its queue. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Returns its internal metrics. */
  async samples(): Promise<readonly PageSample[]> {
    return parseSamples(await (await fetch(this.#metricsUrl)).text());
  }

  /**
   * Returns the sum of an internal metric; 0 where it does not exist yet.
   *
   * @param labels labels of the counted samples
   */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const entries = Object.entries(labels);
    return (await this.samples())
      .filter((one) => one.name === name && entries.every(([k, v]) => one.labels[k] === v))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Waits until an internal metric matches. */
  async waitForMetric(
    name: string,
    matches: (value: number) => boolean,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    let last = 0;
    return pollUntil(
      async () => {
        last = await this.metric(name, labels);
        return matches(last) ? last : undefined;
      },
      () => `${name} of ${this.#name}, which is ${last}`,
    );
  }
}
