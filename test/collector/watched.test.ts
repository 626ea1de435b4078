import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { root } from "../../scripts/build/paths.ts";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { pollUntil } from "../until.ts";
import { CollectorInstance, type InstanceOptions } from "./support/instance.ts";
import { sendWithRetry, traceRequests, send, type TraceSpec } from "./support/load.ts";
import { makeLogs, makeMetrics, postTelemetry } from "./support/telemetry.ts";

const COLD_BUILD_MS = 30 * 60_000;
const PER_REQUEST = 250;

/** Files that name the metrics to watch, for people and for Prometheus. */
const DOCUMENTS: readonly string[] = [
  "collector/README.md",
  "ops/prometheus/alerts.yaml",
  "docs/collector.md",
];

/** Capacity of its queue, and size of a batch. */
const QUEUE_ITEMS = 4096;

/* The metrics and health described in docs/collector.md. */
describe("A monitored Collector", function () {
  let binary: string;
  let backend: StubBackend;
  let running: CollectorInstance[] = [];

  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });
  beforeEach(async () => {
    backend = await startStubBackend();
  });
  afterEach(async () => {
    for (const instance of running.toReversed()) await instance.stop();
    running = [];
    await backend.close();
  });

  async function start(
    name: "agent" | "gateway",
    options: InstanceOptions = {},
  ): Promise<CollectorInstance> {
    const instance = await CollectorInstance.start(binary, name, {
      ...options,
      env: {
        TELLTALE_COLLECTOR_BACKEND: backend.url,
        TELLTALE_COLLECTOR_GATEWAY: backend.url,
        TELLTALE_COLLECTOR_QUEUE_ITEMS: String(QUEUE_ITEMS),
        TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
        TELLTALE_COLLECTOR_SAMPLE_PERCENT: "100",
        ...options.env,
      },
    });
    running.push(instance);
    return instance;
  }

  it("counts each failure, under the documented names", async () => {
    const names = new Set<string>();
    for (const name of ["agent", "gateway"] as const) {
      backend.status = 503;
      const instance = await start(name);
      await postTelemetry(instance.url, "logs", makeLogs());
      await postTelemetry(instance.url, "metrics", makeMetrics());
      // More than the capacity of its queue, during an outage of the back end.
      const { refused } = await sendAll(instance, traces(0, 3000));
      await instance.waitForMetric("otelcol_exporter_enqueue_failed_spans_total", (n) => n > 0);
      const refusals = await instance.metric("otelcol_receiver_refused_spans_total");
      assert.equal(refusals, refused, name);
      // Tail sampling is in between: the sender has its response before the queue is full.
      assert.equal(refused > 0, name === "agent");
      const queued = await instance.metric("otelcol_exporter_queue_size", { data_type: "traces" });
      assert.ok(queued > QUEUE_ITEMS / 2 && queued <= QUEUE_ITEMS, `${queued} in the queue`);
      // Permanent errors are not retried.
      backend.status = 400;
      for (const kind of ["spans", "log_records", "metric_points"]) {
        await instance.waitForMetric(`otelcol_exporter_send_failed_${kind}_total`, (n) => n > 0);
      }
      backend.status = 200;
      await sendAll(instance, traces(5000, 10));
      await instance.waitForMetric("otelcol_exporter_sent_spans_total", (n) => n > 0);
      for (const one of await instance.samples()) names.add(one.name);
    }
    for (const one of await (await startShortOfMemory()).samples()) names.add(one.name);
    for (const document of DOCUMENTS) {
      const named = readFileSync(join(root, document), "utf8").match(/\botelcol_\w+\b/g) ?? [];
      assert.ok(named.length > 0, document);
      // Only spans fill the queue here; the counters of other signals have the same form.
      const seen = named.map((name) =>
        name.replace(/(?<=enqueue_failed_)[a-z_]+(?=_total$)/, "spans"),
      );
      const missing = [...new Set(seen)].filter((name) => !names.has(name));
      assert.deepEqual(missing, [], document);
    }
  });

  /** Starts a Collector that rejects requests for lack of memory, and accepts them later. */
  async function startShortOfMemory(): Promise<CollectorInstance> {
    const limiter = { check_interval: "100ms", limit_mib: 40, spike_limit_mib: 15 };
    const overlay = JSON.stringify({ processors: { memory_limiter: limiter } });
    const gateway = await start("gateway", {
      env: { TELLTALE_COLLECTOR_DECISION_WAIT: "20s" },
      args: [`--config=yaml:${overlay}`],
    });
    const refused = "otelcol_processor_memory_limiter_refused_spans_total";
    let last = 0;
    const count = await pollUntil(async () => {
      await sendAll(gateway, traces((last += 500), 500));
      return (await gateway.metric(refused)) || undefined;
    }, "spans refused for want of memory");
    // A request is accepted or rejected completely; each has one span of each trace.
    assert.equal(count % PER_REQUEST, 0, `${count} refused`);
    const [again] = traceRequests(traces(0, 10));
    await sendWithRetry(gateway.url, Uint8Array.from(again!));
    return gateway;
  }

  it("is healthy as long as it accepts requests, with and without its back end", async () => {
    const agent = await start("agent");
    backend.status = 503;
    await sendAll(agent, traces(0, 100));
    await pollUntil(() => Promise.resolve(backend.requestCount > 2 || undefined), "attempts");
    assert.equal((await fetch(agent.healthUrl)).status, 200);
    backend.status = 400;
    await agent.waitForMetric("otelcol_exporter_send_failed_spans_total", (n) => n > 0);
    const response = await fetch(agent.healthUrl);
    assert.equal(response.status, 200);
    const { status } = (await response.json()) as { status: string };
    assert.equal(status, "Server available");
    await agent.end();
    await assert.rejects(fetch(agent.healthUrl));
  });

  it("knows the status of each component with the feature gate, which no exporter of this version reports", async () => {
    const agent = await start("agent", {
      args: ["--feature-gates=+extension.healthcheck.useComponentStatus"],
    });
    backend.status = 400;
    await sendAll(agent, traces(0, 100));
    await agent.waitForMetric("otelcol_exporter_send_failed_spans_total", (n) => n > 0);
    const response = await fetch(`${agent.healthUrl}?verbose`);
    assert.equal(response.status, 200);
    const { components } = (await response.json()) as Status;
    const { status, components: inside = {} } = components!["pipeline:traces"]!;
    assert.equal(status, "StatusOK");
    assert.deepEqual(
      Object.keys(inside).filter((name) => /^(receiver|exporter):/.test(name)),
      ["exporter:otlp_http/gateway", "receiver:otlp"],
    );
    // If this fails, describe the new status in docs/collector.md.
    assert.equal(inside["exporter:otlp_http/gateway"]?.status, "StatusOK");
  });
});

interface Status {
  readonly status: string;
  readonly components?: Readonly<Record<string, Status>>;
}

function traces(from: number, count: number): TraceSpec[] {
  return Array.from({ length: count }, (_, n) => ({ number: from + n }));
}

/** Returns the unique values. */
async function sendAll(
  to: CollectorInstance,
  some: readonly TraceSpec[],
): Promise<{ readonly refused: number }> {
  let refused = 0;
  for (const request of traceRequests(some, PER_REQUEST)) {
    const status = await send(to.url, Uint8Array.from(request));
    if (status === 200) continue;
    assert.ok(status === 503 || status === 500, `${status}: a sender tries again only after 5xx`);
    refused += PER_REQUEST;
  }
  return { refused };
}

/** A back end with a configurable response. */
interface StubBackend {
  status: number;
  /** Number of received requests. */
  readonly requestCount: number;
  readonly url: string;
  close(): Promise<void>;
}

async function startStubBackend(): Promise<StubBackend> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    request.resume().on("end", () => response.writeHead(backend.status).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const backend: StubBackend = {
    status: 200,
    get requestCount() {
      return asked;
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return backend;
}
