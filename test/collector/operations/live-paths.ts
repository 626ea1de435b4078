import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutputFile } from "../../../src/ops/output-file.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { startTee } from "../contract/tee.ts";
import type { MetricPath } from "../contract/rows.ts";
import { type Preset, startPreset } from "../support/preset.ts";
import { PrometheusServer } from "../support/prometheus.ts";
import { scrapeJob } from "./scrape-job.ts";
import { startAlertmanager, startBlackbox } from "./monitoring.ts";
import { type LiveServices, startLiveServices } from "./live-services.ts";

/** A Prometheus that gets the metrics of the services on one path. */
export interface LivePath {
  readonly path: MetricPath;
  /** Of Prometheus: "2.42". */
  readonly version: string;
  readonly prometheus: PrometheusServer;
}

/** Services under load, whose metrics each Prometheus gets on one path. */
export interface LivePaths {
  readonly paths: readonly LivePath[];
  stop(): Promise<void>;
}

export interface LivePrograms {
  /** The path of the built Collector. */
  readonly collector: string;
  readonly alertmanager: string;
  readonly blackbox: string;
  /** Paths of Prometheus by version. */
  readonly prometheus: Readonly<Record<string, string>>;
}

/** Of scrapes, and of all groups of rules here: a minute of the files would take too long. */
const INTERVAL = "2s";

/**
 * Starts services under load, and for each version of Prometheus three servers:
 *
 * ```
 * services ─┬─ their own pages ─────────────────────────► page
 *           ├─► gateway, scraped ───────────────────────► gateway
 *           └─► gateway with prometheus_remote_write ───► written
 * ```
 *
 * All of them evaluate the rules, and scrape Prometheus, Alertmanager, the blackbox exporter and
 * the Collector.
 *
 * @param rules files with groups of rules.
 */
export async function startLivePaths(
  programs: LivePrograms,
  rules: readonly OutputFile[],
): Promise<LivePaths> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
    stops.push(() => started.stop());
    return started;
  };
  try {
    const folder = writeRules(rules);
    stops.push(async () => rmSync(folder, { recursive: true }));
    const start = (program: string, scrapes: readonly string[]): Promise<PrometheusServer> =>
      PrometheusServer.start(program, {
        config: (port) =>
          configuration(folder, [scrapeJob("prometheus", [`127.0.0.1:${port}`]), ...scrapes]),
        flags: ["--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage"],
      });
    const monitoring = [
      keep(await startAlertmanager(programs.alertmanager)),
      keep(await startBlackbox(programs.blackbox)),
    ];
    const own = monitoring.map(({ job }) => job);
    const paths: LivePath[] = [];
    const versions = Object.entries(programs.prometheus);
    // Takes what the services send beside metrics.
    const receiver = await startReceiver();
    stops.push(() => receiver.close());
    const backend = { ...SOON, TELLTALE_COLLECTOR_BACKEND: receiver.url };
    const gateway = keep(await startPreset(programs.collector, "gateway", backend));
    own.push(scrapeJob("collector", [new URL(gateway.metricsUrl).host]));
    for (const [version, program] of versions) {
      const prometheus = keep(await start(program, own));
      paths.push({ path: "written", version, prometheus });
    }
    const tee = await startTee(paths.map(({ prometheus }) => prometheus.url));
    stops.push(() => tee.close());
    const writing = keep(await startWriter(programs.collector, tee.url));
    const otlp = await startTee([gateway.url, writing.url]);
    stops.push(() => otlp.close());
    const services = keep(await startLiveServices(otlp.url, receiver.dsn));
    for (const [version, program] of versions) {
      const scraped = [...own, ...pageScrapes(services)];
      paths.push({ path: "page", version, prometheus: keep(await start(program, scraped)) });
      const address = new URL(gateway.prometheusUrl).host;
      const collected = [...own, scrapeJob("gateway", [address], ["honor_labels: true"])];
      paths.push({ path: "gateway", version, prometheus: keep(await start(program, collected)) });
    }
    return { paths, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const SOON = { TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "2s" };

function startWriter(collector: string, url: string): Promise<Preset> {
  const env = { ...SOON, PROMETHEUS_WRITE_URL: `${url}/api/v1/write` };
  return startPreset(collector, "gateway", env, ["prometheus"]);
}

/** Writes the files, with a shorter interval of their groups. */
function writeRules(rules: readonly OutputFile[]): string {
  const folder = mkdtempSync(join(tmpdir(), "telltale-live-rules-"));
  for (const { path, text } of rules) {
    const name = path.replaceAll("/", "-");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, name),
      text.replaceAll(/^( +)interval: .*$/gmu, `$1interval: ${INTERVAL}`),
    );
  }
  return folder;
}

function configuration(folder: string, scrapes: readonly string[]): string {
  return `
global: { scrape_interval: ${INTERVAL}, evaluation_interval: ${INTERVAL} }
rule_files: ["${folder}/*.yaml"]
scrape_configs:
${scrapes.join("\n")}
`;
}

/** The scrape jobs have the names of the services, as docs/metrics.md recommends. */
function pageScrapes({ pages }: LiveServices): string[] {
  return [...pages].map(([address, service]) => scrapeJob(service, [address]));
}
