import { fileURLToPath } from "node:url";
import { start as startShop } from "../../../examples/shop/scenario.ts";
import type { FailedRequest } from "../../../src/cli/demo/scenario.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePorts } from "../../libraries/servers/daemon.ts";
import { preload, Program } from "../../integration/program.ts";
import { startPreset } from "../support/preset.ts";
import { pollUntil } from "../../until.ts";
import { PrometheusServer } from "../support/prometheus.ts";
import { startTee } from "./tee.ts";

const instruments = fileURLToPath(new URL("../apps/instruments.mjs", import.meta.url));

export const SPAN_DURATIONS = "traces_span_metrics_duration_seconds_bucket";
/** The name of the scrape job for the services' own pages. */
export const OWN_PAGES = "pages";

/**
 * The demo (examples/shop) with a third service that has all other metrics,
 * preloaded, and the paths of its telemetry:
 *
 * ```
 * services ─┬─► agent ─► gateway ─┬─► arrived
 *     │     │                     └─► scraping (Prometheus)
 *     │     ├─► writing gateway ────► written (Prometheus, remote write)
 *     │     └─► sent
 *     └─ their own pages ───────────► scraping
 * ```
 */
export interface ContractDemo {
  /** The telemetry that the services sent. */
  readonly sent: Receiver;
  /** The telemetry that arrived behind agent and gateway. */
  readonly arrived: Receiver;
  readonly scraping: PrometheusServer;
  readonly written: PrometheusServer;
  /** The names of services by host and port of their own page. */
  readonly pages: ReadonlyMap<string, string>;
  readonly failed: FailedRequest;
  /** Ends the services, which send the rest of their telemetry. */
  end(): Promise<void>;
  /** Ends everything, including the services. */
  stop(): Promise<void>;
}

/** @param program Prometheus, from `programOrSkip`. */
export async function startDemo(binary: string, program: string): Promise<ContractDemo> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
    stops.push(() => started.stop());
    return started;
  };
  const receiver = async (): Promise<Receiver> => {
    const started = await startReceiver();
    stops.push(() => started.close());
    return started;
  };
  try {
    const [sent, arrived] = [await receiver(), await receiver()];
    const written = keep(
      await PrometheusServer.start(program, { flags: ["--web.enable-remote-write-receiver"] }),
    );
    const soon = { TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "2s" };
    const writing = keep(
      await startPreset(
        binary,
        "gateway",
        { ...soon, PROMETHEUS_WRITE_URL: `${written.url}/api/v1/write` },
        ["prometheus"],
      ),
    );
    const gateway = keep(
      await startPreset(binary, "gateway", {
        ...soon,
        TELLTALE_COLLECTOR_BACKEND: arrived.url,
        TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
        TELLTALE_COLLECTOR_SAMPLE_PERCENT: "100",
      }),
    );
    const agent = keep(
      await startPreset(binary, "agent", { TELLTALE_COLLECTOR_GATEWAY: gateway.url }),
    );
    const tee = await startTee([agent.url, sent.url, writing.url]);
    stops.push(() => tee.close());
    const { pages, traffic, end } = await startServices(tee.url, sent.dsn, stops);
    const scraping = keep(
      await PrometheusServer.start(program, {
        config: () => scrapesOf([...pages.keys()], new URL(gateway.prometheusUrl).host),
        flags: ["--enable-feature=exemplar-storage"],
      }),
    );
    // The first point of a span metric is forwarded as 0, without exemplars:
    // the traffic continues until there are some.
    const failed = await pollUntil(async () => {
      const last = await traffic();
      return (await hasExemplars(scraping)) ? last : undefined;
    }, "exemplars of span metrics");
    return { sent, arrived, scraping, written, pages, failed, end, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The time in which the spans of one round of traffic are measured and scraped, in milliseconds. */
const MEASURED_MS = 10_000;

/**
 * Waits for exemplars of span metrics. On a fast machine, rounds of traffic without a pause
 * between them are more spans than the queue of a service takes.
 */
function hasExemplars(prometheus: PrometheusServer): Promise<boolean> {
  const find = async (): Promise<true | undefined> =>
    (await prometheus.exemplars(SPAN_DURATIONS)).length > 0 || undefined;
  return pollUntil(find, "exemplars", MEASURED_MS).catch(() => false);
}

/** Starts the demo's services, with its variables except for the endpoints. */
async function startServices(url: string, dsn: string, stops: (() => Promise<void>)[]) {
  const pages = new Map<string, string>();
  const variablesFor = async (service: string): Promise<Record<string, string>> => {
    const [port] = await freePorts(1);
    pages.set(`127.0.0.1:${port}`, service);
    return {
      PATH: process.env["PATH"] ?? "",
      OTEL_SERVICE_NAME: service,
      OTEL_RESOURCE_ATTRIBUTES: "service.namespace=demo,deployment.environment.name=test",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      OTEL_BLRP_SCHEDULE_DELAY: "200",
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
      // On a busy machine any code may block, and no metric may be there by chance.
      TELLTALE_EVENT_LOOP_STALL_MS: "0",
      // On a busy machine, nothing must be sent twice.
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
      SENTRY_DSN: dsn,
      SENTRY_ENVIRONMENT: "demo",
      // On a busy machine the rest may take longer than the default.
      TELLTALE_FLUSH_TIMEOUT: "60000",
    };
  };
  const others = new Program({
    file: instruments,
    flags: preload.import,
    env: await variablesFor("instruments"),
  });
  const endOthers = async (): Promise<void> => {
    others.kill("SIGTERM");
    await others.ended;
  };
  stops.push(endOthers);
  await others.waitForStdout((output) => output.includes("open") || undefined);
  const play = await startShop({ preload: preload.import, variablesFor, log: () => {} });
  let ending: Promise<unknown> | undefined;
  const end = async (): Promise<void> => {
    await (ending ??= Promise.all([endOthers(), play.stop()]));
  };
  stops.push(end);
  return { pages, traffic: () => play.sendTraffic(), end };
}

function scrapesOf(pages: readonly string[], gateway: string): string {
  const targets = (addresses: readonly string[]): string =>
    `[{ targets: ${JSON.stringify(addresses)} }]`;
  return `
# More often than span metrics are passed on: their exemplars are there only once.
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: ${OWN_PAGES}
    static_configs: ${targets(pages)}
  - job_name: gateway
    honor_labels: true
    static_configs: ${targets([gateway])}
`;
}
