import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { readConfiguration } from "../../scripts/collector/configuration.ts";
import type { ReceivedMetric } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { makeCertificates } from "../export/certificates.ts";
import { preload, Program } from "../integration/program.ts";
import { type Preset, startPreset } from "./support/preset.ts";
import { type Proxy, startProxy } from "./support/proxy.ts";
import { postTelemetry } from "./support/telemetry.ts";

const app = fileURLToPath(new URL("apps/shop.mjs", import.meta.url));
const COLD_BUILD_MS = 30 * 60_000;
/** Size limit of a request for all vendors, compressed and uncompressed. */
const MAX_BYTES = 1e6;
const LINES = 1000;

type Signal = "traces" | "metrics" | "logs";

interface Vendor {
  readonly backend: string;
  /** Required variables of its file. */
  readonly required: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly host: string;
  /** Path before /v1/traces. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signals: readonly Signal[];
  readonly temporality?: "delta" | "cumulative";
}

const vendors: readonly Vendor[] = [
  {
    backend: "sentry",
    required: {
      SENTRY_OTLP_ENDPOINT: "https://o1.ingest.de.sentry.io/api/4711/integration/otlp",
      SENTRY_PUBLIC_KEY: "0123",
    },
    host: "o1.ingest.de.sentry.io",
    path: "/api/4711/integration/otlp",
    headers: { "x-sentry-auth": "sentry sentry_key=0123" },
    signals: ["traces", "logs"],
  },
  {
    backend: "newrelic",
    required: { NEW_RELIC_LICENSE_KEY: "0123" },
    host: "otlp.nr-data.net",
    path: "",
    headers: { "api-key": "0123" },
    signals: ["traces", "metrics", "logs"],
    temporality: "delta",
  },
  {
    backend: "datadog",
    required: { DD_API_KEY: "0123" },
    env: { DD_SITE: "us3.datadoghq.com" },
    host: "otlp.us3.datadoghq.com",
    path: "",
    headers: {
      "dd-api-key": "0123",
      "dd-otel-metric-config": '{"resource_attributes_as_tags": true}',
    },
    signals: ["traces", "metrics", "logs"],
    temporality: "delta",
  },
  {
    backend: "grafana-cloud",
    required: {
      GRAFANA_CLOUD_OTLP_ENDPOINT: "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp",
      GRAFANA_CLOUD_BASIC_AUTH: Buffer.from("123456:glc_abc").toString("base64"),
    },
    host: "otlp-gateway-prod-eu-west-2.grafana.net",
    path: "/otlp",
    headers: { authorization: "Basic MTIzNDU2OmdsY19hYmM=" },
    signals: ["traces", "metrics", "logs"],
    temporality: "cumulative",
  },
];

/**
 * Exports to the addresses in the files, with TLS: a proxy connects all of them to a
 * test receiver, which has a certificate for the host.
 */
for (const vendor of vendors) {
  describe(`The back end ${vendor.backend}`, function () {
    let folder: string;
    let receiver: Receiver;
    /** Receives the signals that this back end does not accept. */
    let rest: Receiver;
    let proxy: Proxy;
    let gateway: Preset;

    before(async function () {
      this.timeout(COLD_BUILD_MS);
      const binary = await collectorBinary();
      folder = mkdtempSync(join(tmpdir(), "telltale-vendor-"));
      const { ca, otherHost } = makeCertificates(vendor.host);
      writeFileSync(join(folder, "ca.pem"), ca);
      receiver = await startReceiver({ tls: otherHost });
      rest = await startReceiver();
      proxy = await startProxy(receiver.port);
      gateway = await startPreset(
        binary,
        "gateway",
        {
          ...vendor.required,
          ...vendor.env,
          HTTPS_PROXY: proxy.url,
          SSL_CERT_FILE: join(folder, "ca.pem"),
          TELLTALE_COLLECTOR_BACKEND: rest.url,
          TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
          TELLTALE_COLLECTOR_SAMPLE_PERCENT: "100",
          TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "500ms",
        },
        [vendor.backend],
      );
      await serve(gateway.url, vendor.temporality ?? "cumulative");
      await receiver.waitFor(hasAll(vendor.signals), vendor.signals.join(", "));
    });

    after(async () => {
      await gateway?.stop();
      await proxy?.close();
      await rest?.close();
      await receiver?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("receives each accepted signal at its path, in its format", () => {
      assert.deepEqual([...proxy.connectTargets], [`${vendor.host}:443`]);
      const paths = new Set(receiver.requests.map(({ path }) => path));
      const expected = vendor.signals.map((signal) => `${vendor.path}/v1/${signal}`);
      assert.deepEqual([...paths].toSorted(), expected.toSorted());
      for (const { headers, method, status } of receiver.requests) {
        assert.equal(method, "POST");
        // The last one may still wait for its response.
        if (status !== undefined) assert.equal(status, 200);
        assert.equal(headers["content-type"], "application/x-protobuf");
        assert.equal(headers["content-encoding"], "gzip");
        for (const [name, value] of Object.entries(vendor.headers)) {
          assert.equal(headers[name], value, name);
        }
      }
      const [span] = receiver.spans;
      assert.equal(receiver.logs[0]?.traceId, span?.traceId);
    });

    if (vendor.temporality !== undefined) {
      it(`receives ${vendor.temporality} metrics, also those of spans`, async () => {
        await receiver.waitFor(
          ({ metrics }) =>
            metrics.some(({ name }) => name === "traces.span.metrics.duration") &&
            metrics.some(isLevel),
          "metrics of spans, and what goes up and down",
        );
        for (const metric of receiver.metrics.filter(isAdded)) {
          assert.equal(metric.temporality, vendor.temporality, metric.name);
        }
        // UpDownCounters stay cumulative.
        const levels = receiver.metrics.filter(isLevel);
        assert.ok(levels.every(({ temporality }) => temporality === "cumulative"));
      });
    } else {
      it("leaves metrics to another back end", async () => {
        await rest.waitFor(hasAll(["metrics"]), "metrics");
        assert.equal(rest.spans.length + rest.logs.length, 0);
      });
    }

    it("receives no request above its size limit", async () => {
      const [requestCount, known] = [receiver.requests.length, receiver.logs.length];
      await postTelemetry(gateway.url, "logs", manyLines());
      await receiver.waitFor(({ logs }) => logs.length >= known + LINES, "all lines");
      const bytes = receiver.requests.slice(requestCount).map((request) => request.bytes);
      assert.ok(bytes.length > 1);
      assert.ok(Math.max(...bytes) < MAX_BYTES, bytes.join());
    });

    it("reports which of its variables are not set", async () => {
      await assert.rejects(readConfiguration(["gateway"], [vendor.backend], {}), (error: Error) => {
        const names = Object.keys(vendor.required);
        const is = names.length === 1 ? "is" : "are";
        const words = `${names.join(", ")} ${is} not set, and ${vendor.backend}.yaml requires`;
        assert.ok(error.message.startsWith(words), error.message);
        return true;
      });
    });
  });
}

/** Runs a preloaded app that responds to one request, and ends. */
async function serve(url: string, temporality: string): Promise<void> {
  const program = new Program({
    file: app,
    flags: preload.import,
    env: {
      OTEL_SERVICE_NAME: "warehouse",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      OTEL_METRICS_EXPORTER: "otlp",
      TELLTALE_FLUSH_TIMEOUT: "60000",
    },
  });
  try {
    const port = await program.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
    await (await fetch(`http://127.0.0.1:${port}/fails`)).text();
    program.kill("SIGTERM");
    await program.ended;
  } finally {
    program.kill("SIGKILL");
    await program.ended;
  }
}

function hasAll(signals: readonly Signal[]) {
  return ({ spans, logs, metrics }: Pick<Receiver, "spans" | "logs" | "metrics">): boolean => {
    const names = new Set(metrics.map(({ name }) => name));
    const there: Readonly<Record<Signal, boolean>> = {
      traces: spans.length > 0,
      logs: logs.length > 0,
      metrics: names.has("shop.orders") && names.has("traces.span.metrics.duration"),
    };
    return signals.every((signal) => there[signal]);
  };
}

function isLevel({ type, monotonic }: ReceivedMetric): boolean {
  return type === "sum" && !monotonic;
}

function isAdded({ type, monotonic }: ReceivedMetric): boolean {
  return type === "histogram" || (type === "sum" && monotonic);
}

/** 3 MB that hardly compress. */
function manyLines(): object {
  const logRecords = Array.from({ length: LINES }, () => ({
    timeUnixNano: `${Date.now()}000000`,
    body: { stringValue: randomBytes(2250).toString("base64") },
  }));
  return { resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords }] }] };
}
