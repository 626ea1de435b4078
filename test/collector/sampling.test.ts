import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import type { ReceivedSpan } from "../../src/testing/received.ts";
import { preload, Program, telemetryEnv } from "../integration/program.ts";
import { pollUntil } from "../until.ts";
import { CollectorInstance } from "./support/instance.ts";
import {
  sendWithRetry,
  traceRequests,
  SPANS_PER_TRACE,
  traceIdOf,
  type TraceSpec,
} from "./support/load.ts";
import { parseSamples } from "./support/page.ts";

const COLD_BUILD_MS = 30 * 60_000;
const app = fileURLToPath(new URL("apps/busy.mjs", import.meta.url));

/**
 * A decision wait in which all parts of a trace arrive, on a busy machine too, and metrics without
 * delay.
 */
const SOON = {
  TELLTALE_COLLECTOR_DECISION_WAIT: "10s",
  TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "500ms",
};

describe("The Collector's sampling", function () {
  let binary: string;
  let receiver: Receiver;
  let running: CollectorInstance[] = [];

  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    for (const instance of running.toReversed()) await instance.stop();
    running = [];
    await receiver.close();
  });

  async function start(
    name: "agent" | "gateway",
    env: Readonly<Record<string, string>>,
  ): Promise<CollectorInstance> {
    const instance = await CollectorInstance.start(binary, name, { env });
    running.push(instance);
    return instance;
  }

  function startGateway(env: Readonly<Record<string, string>>): Promise<CollectorInstance> {
    return start("gateway", { TELLTALE_COLLECTOR_BACKEND: receiver.url, ...SOON, ...env });
  }

  it("keeps all 100 traces with errors and 50 slow ones of 10,000 at 1%, complete, and the share of the rest", async () => {
    const gateway = await startGateway({ TELLTALE_COLLECTOR_SAMPLE_PERCENT: "1" });
    const agent = await start("agent", { TELLTALE_COLLECTOR_GATEWAY: gateway.url });
    const traces = Array.from({ length: 10_000 }, (_, number): TraceSpec => {
      if (number % 100 === 7) return { number, failed: true };
      if (number % 200 === 50) return { number, durationMs: 1500 };
      return { number };
    });
    for (const request of traceRequests(traces))
      await sendWithRetry(agent.url, Uint8Array.from(request));
    await waitUntilDecided(gateway, traces.length);
    await waitUntilSent(gateway, receiver);
    const kept = Map.groupBy(receiver.spans, ({ traceId }) => traceId);
    for (const [traceId, spans] of kept) {
      assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, SPANS_PER_TRACE, traceId);
    }
    const worthIt = traces.filter(({ failed, durationMs }) => failed || durationMs !== undefined);
    assert.equal(worthIt.length, 150);
    const missing = worthIt.filter(({ number }) => !kept.has(traceIdOf(number)));
    assert.deepEqual(missing, []);
    // 9,850 at 1%: 98.5 with a standard deviation of 9.9; the limit is four of them.
    const rest = kept.size - worthIt.length;
    assert.ok(rest >= 59 && rest <= 138, `${rest} of the rest`);
    // The ids, and so the sampled traces, are the same in every run.
    const calls = await waitUntilCalls(gateway, "load", traces.length * SPANS_PER_TRACE);
    assert.equal(calls.get("GET /orders/:id"), 10_000);
    assert.equal(calls.get("SELECT 1"), 10_000);
    assert.equal(calls.get("SELECT 2"), 10_000);
  });

  it("follows percentages by route and service, from one file", async () => {
    const gateway = await startGateway({
      TELLTALE_COLLECTOR_SAMPLE_PERCENT: "10",
      TELLTALE_COLLECTOR_OFTEN_ROUTES: "[/checkout, /pay]",
      TELLTALE_COLLECTOR_RARE_SERVICES: "[search]",
      TELLTALE_COLLECTOR_RARE_PERCENT: "1",
    });
    const kinds = [
      { service: "shop", route: "/checkout", expected: [500, 500] },
      { service: "search", route: "/checkout", expected: [500, 500] },
      // 500 at 1% and at 10%: the limit is four standard deviations.
      { service: "search", route: "/find", expected: [1, 14] },
      { service: "shop", route: "/look", expected: [23, 77] },
    ] as const;
    const traces = kinds.flatMap(({ service, route }, kind) =>
      Array.from({ length: 500 }, (_, n) => ({ number: kind * 500 + n, service, route })),
    );
    for (const request of traceRequests(traces))
      await sendWithRetry(gateway.url, Uint8Array.from(request));
    await waitUntilDecided(gateway, traces.length);
    await waitUntilSent(gateway, receiver);
    for (const { service, route, expected } of kinds) {
      const count = receiver.spans.filter((span) => isRoot(span, service, route)).length;
      const [least, most] = expected;
      assert.ok(count >= least && count <= most, `${service} ${route}: ${count}`);
    }
  });

  it("drops health checks and scrapes, unless they fail", async () => {
    const gateway = await startGateway({ TELLTALE_COLLECTOR_SAMPLE_PERCENT: "100" });
    const paths = ["/healthz", "/livez", "/readyz", "/metrics", "/-/ready", "/orders"];
    const traces = paths.map((path, number) => ({ number, attributes: { "url.path": path } }));
    for (const request of traceRequests(traces))
      await sendWithRetry(gateway.url, Uint8Array.from(request));
    await waitUntilDecided(gateway, traces.length);
    await waitUntilSent(gateway, receiver);
    const roots = receiver.spans.filter(({ kind }) => kind === "SERVER");
    assert.deepEqual(
      roots.map(({ attributes }) => attributes["url.path"]),
      ["/orders"],
    );
    const filtered = await gateway.metric("otelcol_processor_filter_spans_filtered_total", {
      filter: "filter/probes",
    });
    assert.equal(filtered, paths.length - 1);
  });

  it("keeps the traces that the preload sampled at 25%, and counts them with their weight", async () => {
    const gateway = await startGateway({ TELLTALE_COLLECTOR_SAMPLE_PERCENT: "0" });
    const busy = new Program({
      file: app,
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        OTEL_EXPORTER_OTLP_ENDPOINT: gateway.url,
        OTEL_BSP_MAX_QUEUE_SIZE: "20000",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.25",
        TELLTALE_FLUSH_TIMEOUT: "60000",
        SENTRY_DSN: "",
      },
    });
    const { code, stderr } = await busy.ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    // The app has ended, and has sent everything.
    await waitUntilAllDecided(gateway);
    await waitUntilSent(gateway, receiver);
    const roots = receiver.spans.filter(({ kind }) => kind === "SERVER");
    const failed = roots.filter(({ status }) => status.code === "ERROR");
    assert.equal(failed.length, 100, "all that failed arrive, though the gateway samples at 0%");
    const fine = roots.length - failed.length;
    // 1,900 at 25%: 475 with a standard deviation of 19; the limit is five of them.
    assert.ok(fine >= 380 && fine <= 570, `${fine} without error`);
    const calls = await waitUntilCalls(gateway, "warehouse", 1);
    assert.equal(calls.get("GET /fails ERROR"), 100);
    const counted = calls.get("GET /works") ?? 0;
    assert.equal(counted, fine * 4, "each stands for four");
    // From the stored traces, by the formula of docs/collector.md.
    const stored = roots
      .filter(({ attributes }) => attributes["telltale.sampling.reason"] === "sampled")
      .map(({ attributes }) => 1 / Number(attributes["telltale.sampling.probability"]))
      .reduce((sum, weight) => sum + weight, 0);
    assert.ok(stored >= 1600 && stored <= 2400, `${stored} of 2,000`);
  });
});

function isRoot(span: ReceivedSpan, service: string, route: string): boolean {
  return (
    span.kind === "SERVER" &&
    span.resource.attributes["service.name"] === service &&
    span.attributes["http.route"] === route
  );
}

/** Waits until the gateway has decided on so many traces. */
async function waitUntilDecided(gateway: CollectorInstance, traces: number): Promise<void> {
  await gateway.waitForMetric(
    "otelcol_processor_tail_sampling_global_count_traces_sampled_total",
    (decided) => decided === traces,
  );
}

/** Waits until no trace is pending: accepted traces are counted with a delay. */
async function waitUntilAllDecided(gateway: CollectorInstance): Promise<void> {
  await pollUntil(async () => {
    const [decided, seen] = await Promise.all([
      gateway.metric("otelcol_processor_tail_sampling_global_count_traces_sampled_total"),
      gateway.metric("otelcol_processor_tail_sampling_new_trace_id_received_total"),
    ]);
    return seen > 0 && decided === seen ? true : undefined;
  }, "a decision on every trace");
}

/** Waits until the receiver has all sampled traces. */
async function waitUntilSent(gateway: CollectorInstance, receiver: Receiver): Promise<void> {
  const kept = await gateway.metric(
    "otelcol_processor_tail_sampling_global_count_traces_sampled_total",
    { sampled: "true" },
  );
  await gateway.waitForMetric("otelcol_exporter_sent_spans_total", (sent) => {
    const arrived = new Set(receiver.spans.map(({ traceId }) => traceId)).size;
    // A batch that was accepted too late has arrived twice, and is counted once.
    const ids = new Set(receiver.spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
    return arrived === kept && sent === ids.size;
  });
}

/** Waits for a number of counted spans of a service, and returns the numbers by name. */
async function waitUntilCalls(
  gateway: CollectorInstance,
  service: string,
  atLeast: number,
): Promise<Map<string, number>> {
  let sum = 0;
  return pollUntil(
    async () => {
      const calls = callsOf(await (await fetch(gateway.prometheusUrl)).text(), service);
      sum = [...calls.values()].reduce((total, one) => total + one, 0);
      return sum >= atLeast ? calls : undefined;
    },
    () => `${atLeast} calls of ${service}; there are ${sum}`,
  );
}

function callsOf(page: string, service: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const { name, labels, value } of parseSamples(page)) {
    if (name !== "traces_span_metrics_calls_total" || labels["service_name"] !== service) continue;
    const failed =
      labels["status_code"] === "STATUS_CODE_ERROR" && labels["span_kind"] === "SPAN_KIND_SERVER";
    const key = `${labels["span_name"]}${failed ? " ERROR" : ""}`;
    calls.set(key, (calls.get(key) ?? 0) + value);
  }
  return calls;
}
