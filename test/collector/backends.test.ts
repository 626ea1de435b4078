import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { readConfiguration } from "../../scripts/collector/configuration.ts";
import { collector } from "../../scripts/collector/places.ts";
import { validate } from "../../scripts/collector/run.ts";
import { startReceiver } from "../../src/receiver/receiver.ts";
import { Daemon, freePorts } from "../libraries/servers/daemon.ts";
import { programOrSkip } from "../programs.ts";
import { until } from "../until.ts";
import { startPreset } from "./preset.ts";
import { LOGS, METRICS, post, spansOf } from "./telemetry.ts";

const COLD_BUILD_MS = 30 * 60_000;
const backends = readdirSync(join(collector, "backends")).map((name) => basename(name, ".yaml"));

describe("The Collector's back ends", () => {
  let binary: string;
  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });

  for (const backend of backends) {
    it(`${backend} is valid over agent and over gateway`, async () => {
      for (const preset of ["agent", "gateway"]) {
        await validate(binary, await readConfiguration([preset], [backend], {}));
      }
    });
  }

  it("jaeger gets the traces by gRPC, and loki the logs below /otlp, from one gateway", async () => {
    const receiver = await startReceiver({ grpcPort: 0 });
    const env = {
      JAEGER_ENDPOINT: receiver.grpcUrl!,
      JAEGER_INSECURE: "true",
      LOKI_URL: receiver.url,
      LOKI_TENANT: "shop",
      TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
    };
    const gateway = await startPreset(binary, "gateway", env, ["jaeger", "loki"]);
    try {
      await post(gateway.url, "traces", spansOf([{ trace: 21, name: "seen", failed: true }]));
      await post(gateway.url, "logs", LOGS);
      const { spans, requests } = await receiver.waitFor(
        (all) => all.spans.length > 0 && all.requests.some(({ path }) => /logs/.test(path)) && all,
        20_000,
      );
      assert.equal(spans[0]?.name, "seen");
      const request = requests.find(({ path }) => path.includes("logs"));
      assert.equal(request?.path, "/otlp/v1/logs");
      assert.equal(request?.headers["x-scope-orgid"], "shop");
    } finally {
      await gateway.stop();
      await receiver.close();
    }
  });

  for (const [backend, variable, url] of [
    ["tempo", "TEMPO_ENDPOINT", "url"],
    ["otlp", "OTLP_BACKEND", "grpcUrl"],
  ] as const) {
    it(`${backend} gets the traces`, async () => {
      const receiver = await startReceiver({ grpcPort: 0 });
      const env = { [variable]: receiver[url]!, OTLP_BACKEND_INSECURE: "true" };
      const agent = await startPreset(binary, "agent", env, [backend]);
      try {
        await post(agent.url, "traces", spansOf([{ trace: 22, name: "seen" }]));
        const [span] = await receiver.waitFor(({ spans }) => spans.length > 0 && spans, 20_000);
        assert.equal(span?.name, "seen");
      } finally {
        await agent.stop();
        await receiver.close();
      }
    });
  }

  it("prometheus is written the app's metrics, and those of its spans", async function () {
    const program = programOrSkip(this, "prometheus");
    const prometheus = await startPrometheus(program);
    const env = {
      PROMETHEUS_WRITE_URL: `${prometheus.url}/api/v1/write`,
      TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "500ms",
    };
    try {
      const gateway = await startPreset(binary, "gateway", env, ["prometheus"]);
      try {
        await post(gateway.url, "metrics", METRICS);
        await post(gateway.url, "traces", spansOf([{ trace: 23, name: "seen" }]));
        const find = (query: string): Promise<string> =>
          until(() => valueOf(prometheus.url, query), query);
        assert.equal(await find('shop_orders_total{kind="book"}'), "3");
        assert.equal(await find('traces_span_metrics_calls_total{span_name="seen"} > 0'), "1");
      } finally {
        await gateway.stop();
      }
    } finally {
      await prometheus.stop();
    }
  });
});

interface Prometheus {
  readonly url: string;
  stop(): Promise<void>;
}

/** One that only takes what is written to it. */
async function startPrometheus(program: string): Promise<Prometheus> {
  const [port] = await freePorts(1);
  const daemon = new Daemon("prometheus");
  const url = `http://127.0.0.1:${port}`;
  const config = join(daemon.directory, "prometheus.yml");
  writeFileSync(config, "{}\n");
  await daemon.start({
    name: "prometheus",
    command: [
      program,
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(daemon.directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
    ],
    async answers() {
      const response = await fetch(`${url}/-/ready`);
      if (!response.ok) throw new Error(`ready: ${response.status}`);
    },
  });
  return { url, stop: () => daemon.stop() };
}

/** @returns the value of the only series; undefined while there is none. */
async function valueOf(url: string, query: string): Promise<string | undefined> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await response.json()) as {
    data: { result: readonly { value: readonly [number, string] }[] };
  };
  return data.result[0]?.value[1];
}
