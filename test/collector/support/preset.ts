import { join } from "node:path";
import { collector } from "../../../scripts/collector/paths.ts";
import { Daemon } from "../../libraries/servers/daemon.ts";
import { freeCollectorPorts, portVariables } from "./ports.ts";

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
  const ports = await freeCollectorPorts();
  const daemon = new Daemon(name);
  const file = join(daemon.directory, "telemetry.jsonl");
  const healthUrl = urlAt(ports.health, "/");
  let output = "";
  await daemon.start({
    name,
    command: [binary, ...configurationFlags(name, backends, overlays)],
    env: {
      ...portVariables(ports),
      TELLTALE_COLLECTOR_FILE: file,
      TELLTALE_COLLECTOR_QUEUE: join(daemon.directory, "queue"),
      ...env,
    },
    async isReady() {
      const response = await fetch(healthUrl);
      if (!response.ok) throw new Error(`health: ${response.status}`);
    },
    onOutput: (text) => (output += text),
  });
  return {
    url: urlAt(ports.http),
    grpcUrl: urlAt(ports.grpc),
    prometheusUrl: urlAt(ports.prometheus, "/metrics"),
    metricsUrl: urlAt(ports.metrics, "/metrics"),
    healthUrl,
    zpagesUrl: urlAt(ports.zpages, "/debug"),
    file,
    directory: daemon.directory,
    output: () => output,
    stop: () => daemon.stop(),
  };
}

function configurationFlags(
  name: PresetName,
  backends: readonly string[],
  overlays: readonly string[],
): string[] {
  const files = [`${name}.yaml`, ...backends.map((one) => `backends/${one}.yaml`), ...overlays];
  return files.map((path) => `--config=${join(collector, path)}`);
}

function urlAt(port: number, path = ""): string {
  return `http://127.0.0.1:${port}${path}`;
}
