import { join } from "node:path";
import { collector } from "../../../scripts/collector/paths.ts";
import { Daemon, freePorts } from "../../libraries/servers/daemon.ts";

export const presets = ["local", "agent", "gateway"] as const;
export type PresetName = (typeof presets)[number];

/** A preset that runs, on ports of its own. */
export interface Preset {
  /** Fits `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** The same for gRPC. */
  readonly grpcUrl: string;
  /** Of the services' metrics, as Prometheus scrapes them; of the gateway alone. */
  readonly prometheusUrl: string;
  /** Of its own metrics. */
  readonly metricsUrl: string;
  /** Of its health. */
  readonly healthUrl: string;
  /** Where it shows the traces that it made itself. */
  readonly zpagesUrl: string;
  /** What `local` writes. */
  readonly file: string;
  /** Holds the queue, and what else it writes. */
  readonly directory: string;
  /** All that it said so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/**
 * Starts a preset as it is, and waits until it is ready.
 *
 * @param env what to change by variables; ports and folders are set here.
 * @param backends names of files in `collector/backends/`, laid over the preset.
 * @param overlays paths of other files in `collector/`, laid over that.
 */
export async function startPreset(
  binary: string,
  name: PresetName,
  env: Readonly<Record<string, string>> = {},
  backends: readonly string[] = [],
  overlays: readonly string[] = [],
): Promise<Preset> {
  const [http, grpc, health, own, zpages, pprof, prometheus] = await freePorts(7);
  const daemon = new Daemon(name);
  const backendFiles = backends.map((backend) => `backends/${backend}.yaml`);
  const files = [`${name}.yaml`, ...backendFiles, ...overlays];
  const file = join(daemon.directory, "telemetry.jsonl");
  const healthUrl = `http://127.0.0.1:${health}/`;
  let output = "";
  await daemon.start({
    name,
    command: [binary, ...files.map((path) => `--config=${join(collector, path)}`)],
    env: {
      TELLTALE_COLLECTOR_FILE: file,
      TELLTALE_COLLECTOR_GRPC_PORT: String(grpc),
      TELLTALE_COLLECTOR_HEALTH_PORT: String(health),
      TELLTALE_COLLECTOR_HTTP_PORT: String(http),
      TELLTALE_COLLECTOR_METRICS_PORT: String(own),
      TELLTALE_COLLECTOR_PPROF_PORT: String(pprof),
      TELLTALE_COLLECTOR_PROMETHEUS_PORT: String(prometheus),
      TELLTALE_COLLECTOR_QUEUE: join(daemon.directory, "queue"),
      TELLTALE_COLLECTOR_ZPAGES_PORT: String(zpages),
      ...env,
    },
    async isReady() {
      const response = await fetch(healthUrl);
      if (!response.ok) throw new Error(`health: ${response.status}`);
    },
    onOutput: (text) => (output += text),
  });
  return {
    url: `http://127.0.0.1:${http}`,
    grpcUrl: `http://127.0.0.1:${grpc}`,
    prometheusUrl: `http://127.0.0.1:${prometheus}/metrics`,
    metricsUrl: `http://127.0.0.1:${own}/metrics`,
    healthUrl,
    zpagesUrl: `http://127.0.0.1:${zpages}/debug`,
    file,
    directory: daemon.directory,
    output: () => output,
    stop: () => daemon.stop(),
  };
}
