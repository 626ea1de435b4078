import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { readConfiguration } from "../../scripts/collector/configuration.ts";
import { validate } from "../../scripts/collector/run.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import type { Received } from "../../src/testing/store.ts";
import { preload, Program, telemetryEnv } from "../integration/program.ts";
import { pollUntil } from "../until.ts";
import { type Preset, presets, startPreset } from "./support/preset.ts";
import {
  idOf,
  makeLogs,
  makeMetrics,
  postTelemetry,
  type OtlpSpanSpec,
  otlpSpansOf,
} from "./support/telemetry.ts";

const app = fileURLToPath(new URL("apps/shop.mjs", import.meta.url));
/** Time limit of a first, cold build; all else takes seconds. */
const COLD_BUILD_MS = 30 * 60_000;

describe("The Collector's presets", () => {
  let binary: string;
  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });

  for (const name of presets) {
    it(`include ${name}, which is valid without variables, starts, and has internal metrics`, async () => {
      await validate(binary, await readConfiguration([name], [], {}));
      const preset = await startPreset(binary, name);
      try {
        const page = await (await fetch(preset.metricsUrl)).text();
        assert.match(page, /^otelcol_process_uptime_seconds_total\{?/m);
      } finally {
        await preset.stop();
      }
    });
  }

  it("include local, which writes telemetry to its file, without secrets", async () => {
    const local = await startPreset(binary, "local");
    try {
      await postTelemetry(local.url, "traces", otlpSpansOf([{ trace: 1, name: "seen" }]));
      const text = await pollUntil(async () => {
        const written = existsSync(local.file) ? readFileSync(local.file, "utf8") : "";
        return written.includes("seen") ? written : undefined;
      }, "the span in the file");
      assert.match(text, new RegExp(idOf(1, 32)));
      assert.doesNotMatch(text, /hunter2/);
    } finally {
      await local.stop();
    }
  });

  describe("agent and gateway in a row", () => {
    let receiver: Receiver;
    let gateway: Preset;
    let agent: Preset;
    before(async () => {
      receiver = await startReceiver();
      gateway = await startPreset(binary, "gateway", {
        TELLTALE_COLLECTOR_BACKEND: receiver.url,
        TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
        TELLTALE_COLLECTOR_SAMPLE_PERCENT: "0",
        TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "500ms",
      });
      agent = await startPreset(binary, "agent", { TELLTALE_COLLECTOR_GATEWAY: gateway.url });
    });
    beforeEach(() => receiver.clear());
    after(async () => {
      await agent?.stop();
      await gateway?.stop();
      await receiver?.close();
    });

    it("change only the secrets of a span, a log record and a metric", async () => {
      const direct = await startReceiver();
      try {
        const bodies = {
          traces: otlpSpansOf([{ trace: 7, name: "whole", failed: true }]),
          logs: makeLogs(),
          metrics: makeMetrics(),
        } as const;
        for (const [signal, body] of Object.entries(bodies)) {
          await postTelemetry(direct.url, signal, body);
          await postTelemetry(agent.url, signal, body);
        }
        await waitFor(receiver, ({ spans, logs }) => spans.length > 0 && logs.length > 0);
        const metric = await waitFor(receiver, ({ metrics }) =>
          metrics.find((one) => one.name === "shop.orders"),
        );
        const [span] = direct.spans;
        assert.deepEqual(receiver.spans, [
          { ...span, attributes: { ...span!.attributes, "user.password": "****" } },
        ]);
        assert.deepEqual(receiver.logs, direct.logs);
        assert.deepEqual(metric, direct.metrics[0]);
      } finally {
        await direct.close();
      }
    });

    it("forward the failed request of a preloaded app with its ids, its log and its metrics", async () => {
      const shop = new Program({
        file: app,
        flags: preload.import,
        env: {
          ...telemetryEnv(receiver),
          OTEL_EXPORTER_OTLP_ENDPOINT: agent.url,
          OTEL_METRICS_EXPORTER: "otlp",
          OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
          SENTRY_DSN: "",
        },
      });
      try {
        const port = await shop.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
        const response = await fetch(`http://127.0.0.1:${port}/fails`);
        const reported = (await response.json()) as { traceId: string; spanId: string };
        assert.match(reported.traceId, /^[0-9a-f]{32}$/);
        shop.kill("SIGTERM");
        await shop.ended;
        const span = await waitFor(receiver, ({ spans }) =>
          spans.find(({ spanId }) => spanId === reported.spanId),
        );
        assert.equal(span.traceId, reported.traceId);
        assert.equal(span.kind, "SERVER");
        const log = await waitFor(receiver, ({ logs }) =>
          logs.find(({ body }) => body === "asked for /fails"),
        );
        assert.equal(log.traceId, reported.traceId);
        assert.equal(log.spanId, reported.spanId);
        const metric = await waitFor(receiver, ({ metrics }) =>
          metrics.find(({ name }) => name === "shop.orders"),
        );
        assert.equal(metric.points[0]?.value, 1);
        for (const { resource } of [span, log, metric]) {
          assert.equal(resource.attributes["service.name"], "warehouse");
        }
      } finally {
        shop.kill("SIGKILL");
        await shop.ended;
      }
    });

    it("sample errors and slow traces at 0%, drop all others and probes, and measure all but probes", async () => {
      const [plain, failed, slow, kept, broken, probe] = [11, 12, 13, 14, 15, 16];
      const service = "sampled";
      const trace = (spans: readonly OtlpSpanSpec[]): Promise<void> =>
        postTelemetry(agent.url, "traces", otlpSpansOf(spans, service));
      await trace([
        { trace: plain, name: "plain" },
        { trace: failed, name: "failed", failed: true },
        { trace: slow, name: "slow", durationMs: 1500 },
        { trace: kept, name: "kept", attributes: { "telltale.sampling.reason": "forced" } },
        { trace: broken, name: "broken", attributes: { "http.response.status_code": 503 } },
        { trace: probe, name: "probe", attributes: { "url.path": "/healthz" } },
      ]);
      // Sent later, and so decided later: the ordinary trace is dropped by the time this one arrives.
      await waitFor(receiver, ({ spans }) => spans.length >= 4);
      await trace([{ trace: 17, name: "last", failed: true }]);
      await waitFor(receiver, ({ spans }) => spans.some(({ name }) => name === "last"));
      assert.deepEqual(receiver.spans.map(({ name }) => name).toSorted(), [
        ...["broken", "failed", "kept", "last", "slow"],
      ]);
      const calls = await pollUntil(async () => {
        const counted = callsOf(await (await fetch(gateway.prometheusUrl)).text(), service);
        // A series starts with a 0, so that its rate is right.
        return [...counted.values()].filter(Boolean).length >= 6 ? counted : undefined;
      }, "the span metrics");
      assert.deepEqual(
        calls,
        new Map(["broken", "failed", "kept", "last", "plain", "slow"].map((name) => [name, 1])),
      );
    });
  });
});

function waitFor<T>(
  receiver: Receiver,
  look: (received: Received) => T | undefined | false,
): Promise<T> {
  return receiver.waitFor(look);
}

/** Returns the number of counted spans of a service, by name. */
function callsOf(page: string, service: string): Map<string, number> {
  const lines = page.matchAll(/^traces_span_metrics_calls_total\{([^}]*)\} (\S+)/gm);
  const calls = new Map<string, number>();
  for (const [, labels = "", value] of lines) {
    if (!labels.includes(`service_name="${service}"`)) continue;
    const name = /span_name="([^"]*)"/.exec(labels)?.[1];
    if (name !== undefined) calls.set(name, Number(value));
  }
  return calls;
}
