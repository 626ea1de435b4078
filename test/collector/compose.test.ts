import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { collector } from "../../scripts/collector/paths.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { type Postgres, startPostgres } from "../../examples/shop/postgres.ts";
import { root } from "../../scripts/build/paths.ts";
import { preload, Program } from "../integration/program.ts";
import { Daemon, freePorts } from "../libraries/servers/daemon.ts";
import { programOrSkip } from "../programs.ts";
import { pollUntil } from "../until.ts";
import { PrometheusServer } from "./support/prometheus.ts";
import { composeFile, operations, readCompose, readDataSources } from "./support/compose.ts";

const run = promisify(execFile);
const IN_IMAGE = "/etc/telltale-collector/";
const { services, volumes } = readCompose();
const sources = readDataSources();

describe("collector/compose.yaml", () => {
  it("is valid to Docker Compose", async function () {
    const program = programOrSkip(this, "docker-compose");
    // Debian's version does not support the name of a project in the file.
    const text = readFileSync(composeFile, "utf8").replace(/^name: .*$/m, "");
    const child = spawn(program, ["--file", "-", "config", "--quiet"], { cwd: collector });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (words: string) => (output += words));
    child.stdin.end(text);
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, output);
  });

  it("mounts existing files and declared volumes", () => {
    for (const [name, service] of Object.entries(services)) {
      for (const volume of service.volumes ?? []) {
        const source = volume.split(":")[0]!;
        const isThere = source.startsWith(".")
          ? existsSync(join(collector, source))
          : Object.hasOwn(volumes, source);
        assert.ok(isThere, `${name} mounts ${source}`);
      }
    }
  });

  it("publishes on loopback only, and pins every image", () => {
    for (const [name, { image, ports = [] }] of Object.entries(services)) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name);
      if (name !== "collector") assert.match(image, /:v?\d+/, name);
    }
  });

  it("has valid configurations of Prometheus and Alertmanager", async function () {
    const [promtool, amtool] = [programOrSkip(this, "promtool"), programOrSkip(this, "amtool")];
    await run(promtool, ["check", "config", join(operations, "prometheus/prometheus.yaml")]);
    await run(amtool, ["check-config", join(operations, "alertmanager/alertmanager.yaml")]);
  });

  it("links existing data sources", () => {
    assert.deepEqual([...sources.keys()].toSorted(), ["jaeger", "loki", "prometheus"]);
    for (const { uid, url, jsonData } of sources.values()) {
      assert.ok(Object.hasOwn(services, new URL(url).hostname), url);
      const linked = [
        ...(jsonData.exemplarTraceIdDestinations ?? []),
        ...(jsonData.derivedFields ?? []),
        ...[jsonData.tracesToLogsV2, jsonData.tracesToMetrics].filter((link) => link !== undefined),
      ];
      assert.ok(linked.length > 0, uid);
      for (const { datasourceUid } of linked) assert.ok(sources.has(datasourceUid), datasourceUid);
    }
  });
});

/**
 * The services of compose.yaml without their images: the Collector with the same
 * arguments and variables, the shop and its traffic, Debian's Prometheus and
 * Alertmanager with the same files. A test receiver replaces Jaeger and Loki.
 */
describe("The services of collector/compose.yaml", function () {
  this.timeout(30 * 60_000);
  const stops: (() => Promise<void>)[] = [];
  let backends: Receiver;
  let prometheus: PrometheusServer;

  before(async function () {
    const program = programOrSkip(this, "prometheus");
    const alertmanager = programOrSkip(this, "prometheus-alertmanager");
    const blackbox = programOrSkip(this, "prometheus-blackbox-exporter");
    backends = await startReceiver({ grpcPort: 0 });
    stops.push(() => backends.close());
    const collecting = await startCollector(await collectorBinary());
    const alertPort = await startAlertmanager(alertmanager);
    prometheus = await startPrometheus(program, {
      "collector:8889": collecting.metrics,
      "collector:8888": collecting.own,
      "alertmanager:9093": alertPort,
      "blackbox:9115": await startBlackbox(blackbox),
    });
    await startShop(collecting.otlp);
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  it("send traces of shop and payments to Jaeger", async () => {
    await backends.waitFor(({ spans }) => {
      const shop = spans.filter(({ resource }) => resource.attributes["service.name"] === "shop");
      const traces = new Set(shop.map(({ traceId }) => traceId));
      return spans.some(
        ({ resource, traceId }) =>
          resource.attributes["service.name"] === "payments" && traces.has(traceId),
      );
    }, "a trace of both");
  });

  it("send logs to Loki", async () => {
    await backends.waitFor(
      ({ requests }) => requests.some(({ path }) => path === "/otlp/v1/logs"),
      "logs below /otlp",
    );
  });

  it("have every target up, every rule healthy, and Alertmanager discovered", async () => {
    await pollUntil(async () => {
      const { activeTargets } = await prometheus.request<{
        activeTargets: readonly { health: string }[];
      }>("targets");
      const isUp =
        activeTargets.length === 5 && activeTargets.every(({ health }) => health === "up");
      return isUp || undefined;
    }, "five targets that are up");
    await pollUntil(async () => {
      const { groups } = await prometheus.request<{
        groups: readonly { rules: readonly { health: string }[] }[];
      }>("rules");
      const rules = groups.flatMap((group) => group.rules);
      return (rules.length > 40 && rules.every(({ health }) => health === "ok")) || undefined;
    }, "rules that are evaluated");
    await pollUntil(async () => {
      const found = await prometheus.request<{ activeAlertmanagers: readonly unknown[] }>(
        "alertmanagers",
      );
      return found.activeAlertmanagers.length === 1 || undefined;
    }, "Alertmanager");
  });

  it("have the series that the rules query", async () => {
    for (const query of [
      'up{job="collector"} == 1',
      "otelcol_exporter_queue_size / otelcol_exporter_queue_capacity < 0.5",
      "otelcol_receiver_refused_spans_total",
    ]) {
      await pollUntil(() => hasSeries(query), query);
    }
  });

  it("have results for the queries that Grafana links from a trace", async () => {
    for (const { name, query } of sources.get("jaeger")!.jsonData.tracesToMetrics!.queries) {
      const asked = query.replaceAll("$$__tags", 'job="shop"').replaceAll(/\[\d+\w\]/g, "[1m]");
      await pollUntil(() => hasSeries(asked), `${name}: ${asked}`);
    }
  });

  it("have exemplars with the label by which Grafana links to a trace", async () => {
    const [destination] = sources.get("prometheus")!.jsonData.exemplarTraceIdDestinations!;
    const exemplars = await pollUntil(async () => {
      const all = await prometheus.exemplars("traces_span_metrics_duration_seconds_bucket");
      return all.length > 0 ? all : undefined;
    }, "exemplars");
    for (const labels of exemplars) assert.match(labels[destination!.name]!, /^[0-9a-f]{32}$/);
  });

  async function startCollector(binary: string) {
    const [otlp, grpc, health, own, metrics, zpages, pprof] = await freePorts(7);
    const daemon = new Daemon("compose");
    const { command = [], environment = {} } = services["collector"]!;
    const args = [command].flat().map((arg) => arg.replace(IN_IMAGE, `${collector}/`));
    await daemon.start({
      name: "collector",
      command: [binary, ...args],
      env: {
        ...environment,
        JAEGER_ENDPOINT: backends.grpcUrl!,
        LOKI_URL: backends.url,
        TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
        TELLTALE_COLLECTOR_GRPC_PORT: String(grpc),
        TELLTALE_COLLECTOR_HEALTH_PORT: String(health),
        TELLTALE_COLLECTOR_HTTP_PORT: String(otlp),
        TELLTALE_COLLECTOR_INTERNAL_HOST: "127.0.0.1",
        TELLTALE_COLLECTOR_METRICS_PORT: String(own),
        TELLTALE_COLLECTOR_PPROF_PORT: String(pprof),
        TELLTALE_COLLECTOR_PROMETHEUS_PORT: String(metrics),
        TELLTALE_COLLECTOR_QUEUE: join(daemon.directory, "queue"),
        TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "1s",
        TELLTALE_COLLECTOR_ZPAGES_PORT: String(zpages),
      },
      isReady: () => isOk(`http://127.0.0.1:${health}/`),
    });
    stops.push(() => daemon.stop());
    return { otlp: otlp!, own: own!, metrics: metrics! };
  }

  async function startAlertmanager(program: string): Promise<number> {
    const [port] = await freePorts(1);
    const daemon = new Daemon("alertmanager");
    await daemon.start({
      name: "alertmanager",
      command: [
        program,
        `--config.file=${join(operations, "alertmanager/alertmanager.yaml")}`,
        `--storage.path=${daemon.directory}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      isReady: () => isOk(`http://127.0.0.1:${port}/-/ready`),
    });
    stops.push(() => daemon.stop());
    return port!;
  }

  async function startBlackbox(program: string): Promise<number> {
    const [port] = await freePorts(1);
    const daemon = new Daemon("blackbox");
    await daemon.start({
      name: "blackbox",
      command: [
        program,
        `--config.file=${join(operations, "blackbox/blackbox.yaml")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      isReady: () => isOk(`http://127.0.0.1:${port}/-/healthy`),
    });
    stops.push(() => daemon.stop());
    return port!;
  }

  /** @param ports ports of this host, by the addresses in compose's network */
  async function startPrometheus(
    program: string,
    ports: Readonly<Record<string, number>>,
  ): Promise<PrometheusServer> {
    const started = await PrometheusServer.start(program, {
      config: (own) => configOf({ ...ports, "localhost:9090": own }),
      flags: [services["prometheus"]!.command ?? []]
        .flat()
        .filter((arg) => arg.includes("feature")),
    });
    stops.push(() => started.stop());
    return started;
  }

  async function startShop(otlp: number): Promise<void> {
    const database: Postgres = await startPostgres();
    stops.push(() => database.stop());
    const [shop, payments] = await freePorts(2);
    const own = {
      DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlp}`,
      OTEL_METRIC_EXPORT_INTERVAL: "500",
      PAYMENTS_URL: `http://127.0.0.1:${payments}`,
    };
    for (const [name, port] of [
      ["payments", payments],
      ["shop", shop],
    ] as const) {
      const env = { ...services[name]!.environment, ...own, PORT: String(port) };
      const file = join(root, "examples", "shop", `${name}.js`);
      const program = new Program({ file, flags: preload.import, env });
      stops.push(() => end(program));
      await program.waitForStdout((output) => output.includes("is open") || undefined);
    }
    const file = join(collector, "compose", "traffic.mjs");
    const traffic = new Program({ file, args: [`http://127.0.0.1:${shop}`] });
    stops.push(() => end(traffic));
  }

  async function hasSeries(query: string): Promise<true | undefined> {
    return (await prometheus.query(query)).length > 0 || undefined;
  }
});

/** Returns Prometheus' file, with ports of this host and shorter intervals. */
function configOf(ports: Readonly<Record<string, number>>): string {
  const folder = join(operations, "prometheus");
  let config = readFileSync(join(folder, "prometheus.yaml"), "utf8")
    .replaceAll(/- (\S+\.yaml)$/gm, `- "${folder}/$1"`)
    .replaceAll(/_interval: (?:10|30)s/g, "_interval: 1s");
  for (const [address, port] of Object.entries(ports)) {
    assert.ok(config.includes(address), address);
    config = config.replaceAll(address, `127.0.0.1:${port}`);
  }
  return config;
}

async function end(program: Program): Promise<void> {
  program.kill("SIGTERM");
  await program.ended;
}

async function isOk(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
}
