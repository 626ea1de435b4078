import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectorBinary } from "../../scripts/collector/build.ts";
import type { ReceivedSpan } from "../../src/testing/received.ts";
import { adminPage } from "../admin-page.ts";
import { Gateway as Backend } from "../integration/gateways/gateway.ts";
import { preload, Program } from "../integration/program.ts";
import { freePorts } from "../libraries/servers/daemon.ts";
import { WAIT_TIMEOUT_MS, pollUntil } from "../until.ts";
import { CollectorInstance } from "./support/instance.ts";
import {
  sendWithRetry,
  traceRequests,
  send,
  SPANS_PER_TRACE,
  type TraceSpec,
} from "./support/load.ts";
import { parseSamples } from "./support/page.ts";

const COLD_BUILD_MS = 30 * 60_000;
/**
 * Duration of the back end's outage. Retries are at most 30 s apart, so a longer outage
 * is the same; `TELLTALE_TEST_OUTAGE_MS=60000` tries it.
 */
const OUTAGE_MS = Number(process.env["TELLTALE_TEST_OUTAGE_MS"] ?? 5000);

const app = fileURLToPath(new URL("apps/shop.mjs", import.meta.url));

/* Failures, after which the counters of every process must agree. */
describe("The Collector, during a failure", function () {
  let binary: string;
  let backend: Backend;
  let stops: (() => Promise<void>)[] = [];

  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });
  beforeEach(async () => {
    backend = await Backend.start();
  });
  afterEach(async () => {
    for (const stop of stops.toReversed()) await stop();
    stops = [];
    await backend.kill();
  });

  async function start(
    name: "agent" | "gateway",
    env: Readonly<Record<string, string>> = {},
    diskSize?: string,
  ): Promise<CollectorInstance> {
    const instance = await CollectorInstance.start(binary, name, {
      env,
      ...(diskSize && { diskSize }),
    });
    stops.push(() => instance.stop());
    return instance;
  }

  /** Samples every trace, with a short decision wait. */
  function startGateway(env: Readonly<Record<string, string>> = {}): Promise<CollectorInstance> {
    return start("gateway", {
      TELLTALE_COLLECTOR_BACKEND: backend.url,
      TELLTALE_COLLECTOR_DECISION_WAIT: "1s",
      TELLTALE_COLLECTOR_SAMPLE_PERCENT: "100",
      ...env,
    });
  }

  async function startApp(env: Readonly<Record<string, string>>): Promise<ShopApp> {
    const shop = await ShopApp.start(env);
    stops.push(() => shop.end());
    return shop;
  }

  it("queues everything during an outage of the back end, and sends it afterwards", async () => {
    const gateway = await startGateway();
    const agent = await start("agent", { TELLTALE_COLLECTOR_GATEWAY: gateway.url });
    await sendTraces(agent, traces(0, 300));
    await waitUntilArrived(backend, 300);
    const before = await backend.spans();
    await backend.kill();
    const outageStart = performance.now();
    for (let from = 300; from < 900; from += 100) await sendTraces(agent, traces(from, 100));
    await gateway.waitForMetric("otelcol_exporter_queue_size", (waiting) => waiting > 0);
    await pollUntil(
      () => Promise.resolve(performance.now() - outageStart > OUTAGE_MS || undefined),
      "the end of the outage",
      OUTAGE_MS + WAIT_TIMEOUT_MS,
    );
    // Queued items are not lost, and not counted as lost.
    assert.equal(await gateway.metric("otelcol_exporter_send_failed_spans_total"), 0);
    backend = await Backend.start(backend.port);
    // Items that were unconfirmed at the kill arrive twice.
    await waitUntilArrived(backend, 900, before);
    // Counters: sent = accepted by the agent = accepted by the gateway = arrived.
    for (const instance of [agent, gateway]) {
      const accepted = await instance.metric("otelcol_receiver_accepted_spans_total");
      assert.equal(accepted, 900 * SPANS_PER_TRACE);
      assert.equal(await instance.metric("otelcol_exporter_enqueue_failed_spans_total"), 0);
    }
    await gateway.waitForMetric("otelcol_exporter_queue_size", (waiting) => waiting === 0);
  });

  it("sends sampled traces after a kill, and loses only those without a decision", async () => {
    await backend.kill();
    const gateway = await startGateway({ TELLTALE_COLLECTOR_DECISION_WAIT: "8s" });
    await sendTraces(gateway, traces(0, 300));
    const decided = "otelcol_processor_tail_sampling_global_count_traces_sampled_total";
    await gateway.waitForMetric(decided, (count) => count === 300);
    await sendTraces(gateway, traces(300, 100));
    const seen = "otelcol_processor_tail_sampling_new_trace_id_received_total";
    await gateway.waitForMetric(seen, (count) => count === 400);
    const accepted = await gateway.metric("otelcol_receiver_accepted_spans_total");
    const pending = 400 - (await gateway.metric(decided));
    await gateway.kill();
    assert.equal(pending, 100);
    await gateway.start();
    backend = await Backend.start(backend.port);
    await waitUntilArrived(backend, 300);
    await gateway.waitForMetric("otelcol_exporter_queue_size", (waiting) => waiting === 0);
    const arrived = distinct(await backend.spans());
    assert.equal(accepted, arrived + pending * SPANS_PER_TRACE);
  });

  it("decides on all pending traces on SIGTERM, and loses nothing, with and without the back end", async () => {
    await backend.kill();
    const gateway = await startGateway({ TELLTALE_COLLECTOR_DECISION_WAIT: "30s" });
    await sendTraces(gateway, traces(0, 200));
    await gateway.end();
    await gateway.start();
    backend = await Backend.start(backend.port);
    await waitUntilArrived(backend, 200);
    assert.equal(distinct(await backend.spans()), 200 * SPANS_PER_TRACE);
  });

  it("has all accepted spans of a busy app after a kill, and the app sends the rest", async () => {
    const agent = await start("agent", { TELLTALE_COLLECTOR_GATEWAY: backend.url });
    const shop = await startApp({
      OTEL_EXPORTER_OTLP_ENDPOINT: agent.url,
      // On a busy host the agent may take long to restart.
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
    });
    await backend.kill();
    for (let round = 0; round < 6; round++) {
      await shop.serve(50);
      await shop.waitForCounts((counts) => counts.queued === 0 || round === 3);
      // Killed during an outage of the gateway: its queue has everything that it accepted.
      if (round === 2) await agent.kill();
      if (round === 3) await agent.start();
    }
    const counts = await shop.waitForCounts(({ queued }) => queued === 0);
    assert.deepEqual(
      { created: counts.created, dropped: counts.dropped, sent: counts.sent },
      { created: 300, dropped: 0, sent: 300 },
    );
    backend = await Backend.start(backend.port);
    await waitForSpanCount(backend, (there) => there >= counts.sent, `${counts.sent} spans`);
    const spans = await backend.spans();
    assert.equal(distinct(spans), counts.sent);
    // Each span arrives once: only the agent sends its queue.
    assert.equal(spans.length, counts.sent);
  });

  it("loses only pending traces when one of three gateways is killed; the others take over until it is back", async () => {
    const gateways = [];
    for (let n = 0; n < 3; n++) {
      gateways.push(await startGateway({ TELLTALE_COLLECTOR_DECISION_WAIT: "120s" }));
    }
    const [first, second, third] = gateways as [
      CollectorInstance,
      CollectorInstance,
      CollectorInstance,
    ];
    const shop = await startApp({
      TELLTALE_OTLP_ENDPOINTS: gateways.map(({ url }) => url).join(","),
    });
    await shop.serve(150);
    await shop.waitForCounts(({ queued }) => queued === 0);
    const accepted = "otelcol_receiver_accepted_spans_total";
    const acceptedSpans = await Promise.all(gateways.map((one) => one.metric(accepted)));
    assert.equal(sumOf(acceptedSpans), 150, "of one span each");
    assert.ok(
      Math.min(...acceptedSpans) > 20,
      `every gateway has its share: ${acceptedSpans.join(", ")}`,
    );
    const lost = await second.metric(accepted);
    await second.kill();
    await shop.serve(150);
    const duringOutage = await shop.waitForCounts(({ queued }) => queued === 0);
    assert.equal(duringOutage.sent, 300);
    await second.start();
    // The others receive its traces until it is retried, at most so many seconds later.
    await pollUntil(async () => {
      await shop.serve(10);
      await shop.waitForCounts(({ queued }) => queued === 0);
      return (await second.metric(accepted)) > 0 ? true : undefined;
    }, "spans at the gateway that is back");
    const counts = await shop.spanCounts();
    assert.equal(counts.created, counts.sent + counts.dropped);
    // On SIGTERM they decide on all pending traces.
    for (const one of [first, second, third]) await one.end();
    for (const one of [first, second, third]) await one.start();
    const arrived = await waitForSpanCount(
      backend,
      (there) => there >= counts.sent - lost,
      `${counts.sent} - ${lost} spans`,
    );
    assert.equal(arrived, counts.sent - lost);
  });

  it("rejects what exceeds its full queue, sends all that it accepted, and keeps working", async () => {
    await backend.kill();
    const agent = await start("agent", {
      TELLTALE_COLLECTOR_GATEWAY: backend.url,
      TELLTALE_COLLECTOR_QUEUE_ITEMS: "5000",
    });
    const acknowledged = await fill(agent);
    backend = await Backend.start(backend.port);
    await waitForSpanCount(backend, (there) => there === acknowledged, `${acknowledged} spans`);
    // They are counted when the response of the back end has been read.
    await agent.waitForMetric("otelcol_exporter_queue_size", (waiting) => waiting === 0);
    assert.equal(await agent.metric(SENT), acknowledged);
    await assertAcceptsTraces(agent, acknowledged);
  });

  it("rejects what exceeds its full disk, sends all that it accepted, and keeps working", async function () {
    // `unshare` mounts a disk of a few MB for one process.
    if (process.platform !== "linux") this.skip();
    await backend.kill();
    // The reserve, and one MB for the queue.
    const agent = await start(
      "agent",
      { TELLTALE_COLLECTOR_GATEWAY: backend.url, TELLTALE_COLLECTOR_QUEUE_ITEMS: "24000" },
      "33m",
    );
    const acknowledged = await fill(agent);
    assert.ok(acknowledged < 24_000, `${acknowledged}: the disk was full before the queue`);
    // Another process uses up the rest, to the last page.
    const other = join("/proc", String(agent.pid), "root", agent.directory, "queue", "other");
    assert.throws(
      () => {
        for (;;) appendFileSync(other, Buffer.alloc(4096));
      },
      { code: "ENOSPC" },
    );
    backend = await Backend.start(backend.port);
    await waitForSpanCount(backend, (there) => there === acknowledged, `${acknowledged} spans`);
    await agent.waitForMetric("otelcol_exporter_queue_size", (waiting) => waiting === 0);
    assert.equal(await agent.metric(SENT), acknowledged);
    await assertAcceptsTraces(agent, acknowledged);
  });

  const SENT = "otelcol_exporter_sent_spans_total";

  /** Sends beyond the capacity of the queue, and returns the number of accepted spans. */
  async function fill(agent: CollectorInstance): Promise<number> {
    const perRequest = 250;
    let acknowledged = 0;
    let refused = 0;
    for (const request of traceRequests(traces(0, 9000), perRequest)) {
      const status = await send(agent.url, Uint8Array.from(request));
      if (status === 200) acknowledged += perRequest;
      else {
        assert.ok(status >= 500, `${status}: a sender tries again only after 5xx`);
        refused += perRequest;
      }
    }
    assert.ok(acknowledged > 0 && refused > 0, `${acknowledged} taken, ${refused} refused`);
    // The Collector counts both.
    assert.equal(await agent.metric("otelcol_exporter_enqueue_failed_spans_total"), refused);
    assert.equal(await agent.metric("otelcol_receiver_accepted_spans_total"), acknowledged);
    return acknowledged;
  }

  /** Asserts that requests are accepted once there is capacity again. */
  async function assertAcceptsTraces(agent: CollectorInstance, before: number): Promise<void> {
    await sendTraces(agent, traces(9000, 100));
    const all = before + 100 * SPANS_PER_TRACE;
    await waitForSpanCount(backend, (there) => there === all, "the spans after that");
  }
});

function traces(from: number, count: number): TraceSpec[] {
  return Array.from({ length: count }, (_, n) => ({ number: from + n }));
}

async function sendTraces(to: CollectorInstance, some: readonly TraceSpec[]): Promise<void> {
  for (const request of traceRequests(some)) await sendWithRetry(to.url, Uint8Array.from(request));
}

function distinct(spans: readonly ReceivedSpan[]): number {
  return new Set(spans.map(({ traceId, spanId }) => traceId + spanId)).size;
}

/** @param before the number before the start */
async function waitUntilArrived(
  backend: Backend,
  traceCount: number,
  before: readonly ReceivedSpan[] = [],
): Promise<void> {
  await waitForSpanCount(
    backend,
    (there) => there === traceCount * SPANS_PER_TRACE,
    `${traceCount} traces`,
    before,
  );
}

/** Waits until the number of distinct spans matches. */
function waitForSpanCount(
  backend: Backend,
  matches: (spans: number) => boolean,
  what: string,
  before: readonly ReceivedSpan[] = [],
): Promise<number> {
  let last = 0;
  return pollUntil(
    async () => {
      last = distinct([...before, ...(await backend.spans())]);
      return matches(last) ? last : undefined;
    },
    () => `${what}; ${last} spans are there`,
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** Span counters of a preloaded app. */
interface SpanCounts {
  readonly created: number;
  readonly sent: number;
  readonly dropped: number;
  readonly queued: number;
}

/** A preloaded app, which creates one span per request. */
class ShopApp {
  readonly #program: Program;
  readonly #url: string;
  readonly #adminPort: number;

  private constructor(program: Program, url: string, adminPort: number) {
    this.#program = program;
    this.#url = url;
    this.#adminPort = adminPort;
  }

  static async start(env: Readonly<Record<string, string>>): Promise<ShopApp> {
    const [metrics] = await freePorts(1);
    const program = new Program({
      file: app,
      flags: preload.import,
      env: {
        OTEL_BSP_SCHEDULE_DELAY: "200",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(metrics),
        OTEL_LOGS_EXPORTER: "none",
        OTEL_SERVICE_NAME: "shop",
        ...env,
      },
    });
    const port = await program.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
    return new ShopApp(program, `http://127.0.0.1:${port}`, metrics!);
  }

  async serve(requests: number): Promise<void> {
    for (let n = 0; n < requests; n++) await (await fetch(this.#url)).arrayBuffer();
  }

  async spanCounts(): Promise<SpanCounts> {
    const samples = parseSamples(await (await adminPage(this.#adminPort, "/metrics")).text());
    const sum = (name: string): number =>
      sumOf(
        samples
          .filter((one) => one.name === name && one.labels["telltale_signal"] === "spans")
          .map(({ value }) => value),
      );
    return {
      created: sum("telltale_telemetry_created_total"),
      sent: sum("telltale_telemetry_sent_total"),
      dropped: sum("telltale_telemetry_dropped_total"),
      queued: sum("telltale_telemetry_queued"),
    };
  }

  /** Waits until its counters match. */
  waitForCounts(matches: (counts: SpanCounts) => boolean): Promise<SpanCounts> {
    return pollUntil(async () => {
      const counts = await this.spanCounts();
      return matches(counts) ? counts : undefined;
    }, "the app's spans elsewhere");
  }

  async end(): Promise<void> {
    this.#program.kill("SIGKILL");
    await this.#program.ended;
  }
}
