import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collector } from "../../../scripts/collector/paths.ts";
import { Daemon, freePorts } from "../../libraries/servers/daemon.ts";
import { pollUntil } from "../../until.ts";
import { type PageSample, parseSamples } from "./page.ts";
import type { PresetName } from "./preset.ts";

/** The shell becomes the Collector: its pid is the one to kill. */
const START = 'echo $$ >"$1"; shift; exec "$@"';
/** In a mount namespace of its own, where whoever started it may mount. */
const START_ON_DISK = `set -e; mkdir -p "$1"; mount -t tmpfs -o size="$2" none "$1"; shift 2; ${START}`;

export interface InstanceOptions {
  /** What to change by variables; ports and folders are set here. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Of a disk that holds only the queue, "2m" for instance. It is in memory, and gone
   * with the process. Default: the queue lies where temporary files do.
   */
  readonly diskSize?: string;
  /** Of the Collector, after the preset: `--config=...` lays something over it. */
  readonly args?: readonly string[];
}

/**
 * A preset that can be killed and started again: its ports and its queue stay.
 * Ends with this process, however that ends.
 */
export class CollectorInstance {
  /** Fits `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** Of the services' metrics, as Prometheus scrapes them; of the gateway alone. */
  readonly prometheusUrl: string;
  readonly healthUrl: string;
  /** Holds the queue, and outlives the process. */
  readonly directory: string;
  readonly #metricsUrl: string;
  readonly #command: (pidFile: string) => [string, ...string[]];
  readonly #env: Readonly<Record<string, string>>;
  readonly #name: string;
  #daemon: Daemon | undefined;

  private constructor(
    binary: string,
    name: PresetName,
    ports: readonly number[],
    { env, diskSize, args = [] }: InstanceOptions,
  ) {
    const [http, grpc, health, own, zpages, pprof, prometheus] = ports.map(String);
    this.#name = name;
    this.directory = mkdtempSync(join(tmpdir(), `telltale-${name}-`));
    this.url = `http://127.0.0.1:${http}`;
    this.prometheusUrl = `http://127.0.0.1:${prometheus}/metrics`;
    this.healthUrl = `http://127.0.0.1:${health}/`;
    this.#metricsUrl = `http://127.0.0.1:${own}/metrics`;
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
      TELLTALE_COLLECTOR_GRPC_PORT: grpc!,
      TELLTALE_COLLECTOR_HEALTH_PORT: health!,
      TELLTALE_COLLECTOR_HTTP_PORT: http!,
      TELLTALE_COLLECTOR_METRICS_PORT: own!,
      TELLTALE_COLLECTOR_PPROF_PORT: pprof!,
      TELLTALE_COLLECTOR_PROMETHEUS_PORT: prometheus!,
      TELLTALE_COLLECTOR_QUEUE: queue,
      TELLTALE_COLLECTOR_ZPAGES_PORT: zpages!,
      ...env,
    };
  }

  static async start(
    binary: string,
    name: PresetName,
    options: InstanceOptions = {},
  ): Promise<CollectorInstance> {
    const instance = new CollectorInstance(binary, name, await freePorts(7), options);
    await instance.start();
    return instance;
  }

  /** Again, after `kill` or `end`. */
  async start(): Promise<void> {
    const daemon = new Daemon(this.#name);
    await daemon.start({
      name: this.#name,
      command: this.#command(join(daemon.directory, "pid")),
      env: this.#env,
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

  /** At once, as a crash or the kernel's out-of-memory killer would. */
  async kill(): Promise<void> {
    process.kill(this.pid, "SIGKILL");
    await this.end();
  }

  /** As Kubernetes ends it: by SIGTERM, and what is under way is brought to its end. */
  async end(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  /** Ends it, and takes its queue away. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What it says about itself. */
  async samples(): Promise<readonly PageSample[]> {
    return parseSamples(await (await fetch(this.#metricsUrl)).text());
  }

  /**
   * The sum of one of its own metrics; 0 where there is none yet.
   *
   * @param labels what a sample must have to count.
   */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const entries = Object.entries(labels);
    return (await this.samples())
      .filter((one) => one.name === name && entries.every(([k, v]) => one.labels[k] === v))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Waits until one of its own metrics is as `isIt` wants it. */
  async waitForMetric(
    name: string,
    isIt: (value: number) => boolean,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    let last = 0;
    return pollUntil(
      async () => {
        last = await this.metric(name, labels);
        return isIt(last) ? last : undefined;
      },
      () => `${name} of ${this.#name}, which is ${last}`,
    );
  }
}
