import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { readConfiguration, requiredVariables } from "../../scripts/collector/configuration.ts";
import { collector } from "../../scripts/collector/paths.ts";
import { validate } from "../../scripts/collector/run.ts";
import { startReceiver } from "../../src/testing/receiver.ts";
import { programOrSkip } from "../programs.ts";
import { pollUntil } from "../until.ts";
import { startPreset } from "./support/preset.ts";
import { PrometheusServer } from "./support/prometheus.ts";
import { makeLogs, makeMetrics, postTelemetry, otlpSpansOf } from "./support/telemetry.ts";

const COLD_BUILD_MS = 30 * 60_000;
const folder = join(collector, "backends");

describe("The Collector's back ends", () => {
  let binary: string;
  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });

  for (const backend of namesIn(".")) {
    it(`include ${backend}, which is valid over agent and gateway`, async () => {
      const env = requiredBy(backend);
      for (const preset of ["agent", "gateway"]) {
        await validate(binary, await readConfiguration([preset], [backend], env), env);
      }
    });
  }

  for (const name of namesIn("contrib")) {
    it(`include contrib/${name}, which names the official image, for which it is`, async () => {
      const backend = `contrib/${name}`;
      const env = requiredBy(backend);
      const configuration = await readConfiguration(["gateway"], [backend], env);
      const [, component = ""] = /^# NOT TESTED: `(\w+)` is only/.exec(textOf(backend)) ?? [];
      await assert.rejects(
        validate(binary, configuration, env),
        new RegExp(`has no ${component} .*in this build: .*see collector/README.md`),
      );
    });
  }

  it("are listed in the README, each with its required variables", () => {
    const readme = readFileSync(join(collector, "README.md"), "utf8");
    for (const backend of [
      ...namesIn("."),
      ...namesIn("contrib").map((name) => `contrib/${name}`),
    ]) {
      const [, row = ""] = new RegExp(`^\\| \`${backend}\` \\|(.*)$`, "m").exec(readme) ?? [];
      assert.notEqual(row, "", backend);
      for (const name of requiredVariables(textOf(backend))) {
        assert.ok(row.includes(`\`${name}\``), `${backend}: ${name}`);
      }
    }
  });

  it("include jaeger, which receives traces by gRPC, and loki, which receives logs below /otlp", async () => {
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
      await postTelemetry(
        gateway.url,
        "traces",
        otlpSpansOf([{ trace: 21, name: "seen", failed: true }]),
      );
      await postTelemetry(gateway.url, "logs", makeLogs());
      const { spans, requests } = await receiver.waitFor(
        (all) => all.spans.length > 0 && all.requests.some(({ path }) => /logs/.test(path)) && all,
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
    it(`include ${backend}, which receives the traces`, async () => {
      const receiver = await startReceiver({ grpcPort: 0 });
      const env = { [variable]: receiver[url]!, OTLP_BACKEND_INSECURE: "true" };
      const agent = await startPreset(binary, "agent", env, [backend]);
      try {
        await postTelemetry(agent.url, "traces", otlpSpansOf([{ trace: 22, name: "seen" }]));
        const [span] = await receiver.waitFor(({ spans }) => spans.length > 0 && spans);
        assert.equal(span?.name, "seen");
      } finally {
        await agent.stop();
        await receiver.close();
      }
    });
  }

  it("include prometheus, which receives the app's metrics and those of its spans", async function () {
    const program = programOrSkip(this, "prometheus");
    const prometheus = await PrometheusServer.start(program, {
      flags: ["--web.enable-remote-write-receiver"],
    });
    const env = {
      PROMETHEUS_WRITE_URL: `${prometheus.url}/api/v1/write`,
      TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "500ms",
    };
    try {
      const gateway = await startPreset(binary, "gateway", env, ["prometheus"]);
      try {
        await postTelemetry(gateway.url, "metrics", makeMetrics());
        await postTelemetry(gateway.url, "traces", otlpSpansOf([{ trace: 23, name: "seen" }]));
        const find = (query: string): Promise<number> =>
          pollUntil(async () => (await prometheus.query(query))[0]?.value, query);
        assert.equal(await find('shop_orders_total{kind="book"}'), 3);
        assert.equal(await find('traces_span_metrics_calls_total{span_name="seen"} > 0'), 1);
      } finally {
        await gateway.stop();
      }
    } finally {
      await prometheus.stop();
    }
  });
});

function namesIn(below: string): readonly string[] {
  return globSync("*.yaml", { cwd: join(folder, below) })
    .map((file) => basename(file, ".yaml"))
    .toSorted();
}

function textOf(backend: string): string {
  return readFileSync(join(folder, `${backend}.yaml`), "utf8");
}

/** Values of its required variables, with URLs where they are needed. */
function requiredBy(backend: string): Record<string, string> {
  return Object.fromEntries(
    requiredVariables(textOf(backend)).map((name) => [name, "https://127.0.0.1"]),
  );
}
