import { join } from "node:path";
import { collector } from "../../../scripts/collector/paths.ts";
import { Daemon, freePorts } from "../../libraries/servers/daemon.ts";

export const presets = ["local", "agent", "gateway"] as const;
export type PresetName = (typeof presets)[number];

/** A running preset, on free ports. */
export interface Preset {
  /** Fits `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** The same for gRPC. */
  readonly grpcUrl: string;
  /** URL of the services' metrics for Prometheus, only of the gateway. */
  readonly prometheusUrl: string;
  /** URL of its internal metrics. */
  readonly metricsUrl: string;
  /** URL of its health. */
  readonly healthUrl: string;
  /** URL of the traces of its own operations. */
  readonly zpagesUrl: string;
  /** The file that `local` writes. */
  readonly file: string;
  /** Folder of the queue and of other files. */
  readonly directory: string;
  /** Returns its output so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/**
 * Starts a preset, and waits until it is ready.
 *
 * @param env variables in addition to ports and folders
 * @param backends names of files in `collector/backends/` that overlay the preset
 * @param overlays paths of other files in `collector/` that overlay those
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
