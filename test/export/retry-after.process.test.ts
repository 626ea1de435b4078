import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { SignalCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { gatewayBackoff } from "../../src/export/load-balancing/gateway-health.ts";
import { createLogProcessor, createSpanProcessor } from "../../src/export/item-processors.ts";
import type { ItemProcessor } from "../../src/export/pipeline.ts";
import { createMetricExporter } from "../../src/export/otlp/exporter.ts";
import { setTimeout as pause } from "node:timers/promises";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { pollUntilTrue } from "../until.ts";
import { batchConfig, createTestPipeline, otlpConfig } from "./test-pipeline.ts";
import { collectMetrics, makeLog, makeSpan } from "./telemetry.ts";

const PROMPT_LIMIT_MS = 20_000;
const QUEUE = 40;

describe("With two gateways, of which one asks for a pause", () => {
  let healthy: Receiver;
  let busy: Receiver;
  beforeEach(async () => {
    [healthy, busy] = await Promise.all([startReceiver(), startReceiver()]);
  });
  afterEach(() => Promise.all([healthy.close(), busy.close()]));

  for (const status of [429, 503]) {
    it(`by ${status}, the other one gets everything, and nothing is lost`, async () => {
      busy.setFaults({ kind: "status", status, headers: { "retry-after": "120" } });
      const { batch, counters, addSpans } = createGateways([healthy, busy]);
      // Longer than the back-off of a gateway that failed without asking for a pause.
      const end = performance.now() + gatewayBackoff.firstMs * 1.3;
      do {
        addSpans(QUEUE / 4);
        await batch.flush(200);
        await pause(50);
      } while (performance.now() < end);
      await batch.flush(PROMPT_LIMIT_MS);
      assert.equal(counters.sent, counters.created);
      assert.equal(healthy.spans.length, counters.created);
      assert.equal(busy.requests.length, 1, "requested again before its pause was over");
    });
  }

  it("and the other is unavailable, queued items are sent to the other as soon as it is available", async () => {
    busy.setFaults({ kind: "status", status: 429, headers: { "retry-after": "120" } });
    healthy.setFaults({ kind: "status", status: 503 });
    const { batch, counters, addSpans } = createGateways([healthy, busy], { delayMs: 20 });
    addSpans(QUEUE);
    await pollUntilTrue(
      () => healthy.requests.length > 0 && busy.requests.length > 0,
      "two rejected requests",
    );
    healthy.setFaults();
    await pollUntilTrue(() => counters.sent === QUEUE, "all spans at the other");
    assert.equal(healthy.spans.length, QUEUE);
    assert.equal(busy.requests.length, 1, "requested again before its pause was over");
    assert.deepEqual([counters.sent, counters.droppedTotal, batch.queued], [QUEUE, 0, 0]);
  });

  it("metrics are sent to the other at once", async () => {
    const gateways = [healthy, busy].map(({ url }) => gatewayAt(`${url}/v1/metrics`));
    const diagnostics = new Diagnostics("none", () => {});
    const exporter = createMetricExporter({ ...otlpConfig(""), gateways }, diagnostics);
    const send = async (): Promise<unknown[]> => {
      const { delivered, retryAfterMs } = await exporter.export(
        await collectMetrics(),
        PROMPT_LIMIT_MS,
      );
      return [delivered, retryAfterMs];
    };
    assert.deepEqual(await send(), [true, 0]);
    // The gateway of this process is random.
    const own = healthy.requests.length > 0 ? healthy : busy;
    own.setFaults({ kind: "status", status: 429, headers: { "retry-after": "120" } });
    assert.deepEqual(await send(), [true, 0]);
    assert.deepEqual(await send(), [true, 0]);
    assert.equal(own.requests.length, 2, "requested again before its pause was over");
  });
});

describe("A collector that asks for a pause", () => {
  it("gets no request for as long, and the queue after that", async () => {
    const receiver = await startReceiver();
    receiver.setFaults({ kind: "status", status: 429, headers: { "retry-after": "1" }, times: 1 });
    const pipeline = createTestPipeline(otlpConfig(receiver.url, { timeoutMs: 500 }), {
      delayMs: 10,
    });
    pipeline.addSpans(1);
    await pollUntilTrue(() => pipeline.counters.pausedUntil > 0, "the pause");
    pipeline.addSpans(1);
    await pollUntilTrue(() => receiver.spans.length === 1, "the rest");
    const [first, second] = receiver.requests;
    await receiver.close();
    // A timer may be a millisecond early.
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 999, "too early");
    assert.equal(receiver.requests.length, 2);
    assert.match(
      pipeline.lines[0] ?? "",
      /answered 429 .* and asked for a pause of 1 s; nothing is sent there until \S+Z \(dropped/,
    );
  });
});

describe("An outage", () => {
  for (const [title, fault] of [
    ["by a status", { kind: "status", status: 503 }],
    ["of the network", { kind: "close" }],
  ] as const) {
    it(`${title} is logged once for all signals, and once with all losses`, async () => {
      const receiver = await startReceiver();
      const lines: string[] = [];
      const diagnostics = new Diagnostics("info", (line) => lines.push(line));
      const retry = { attempts: 1, firstMs: 0, factor: 1, maxMs: 0, jitter: 0 };
      const parts = { config: batchConfig, diagnostics, retry };
      const at = (path: string) => ({ ...otlpConfig(""), url: `${receiver.url}/v1/${path}` });
      const spans = createSpanProcessor({
        ...parts,
        otlp: at("traces"),
        counters: new SignalCounters(),
      });
      const logs = createLogProcessor({
        ...parts,
        otlp: at("logs"),
        counters: new SignalCounters(),
      });
      const metrics = createMetricExporter(at("metrics"), diagnostics, retry);
      const sendAll = async (): Promise<void> => {
        for (let index = 0; index < 5; index++) spans.add(makeSpan(index));
        for (let index = 0; index < 3; index++) logs.add({ toRecord: () => makeLog(index) });
        await Promise.all([spans.flush(PROMPT_LIMIT_MS), logs.flush(PROMPT_LIMIT_MS)]);
        await metrics.export(await collectMetrics(), PROMPT_LIMIT_MS);
      };
      receiver.setFaults(fault);
      await sendAll();
      await sendAll();
      receiver.setFaults();
      await sendAll();
      await receiver.close();
      assert.equal(lines.length, 2, lines.join(""));
      assert.match(lines[0] ?? "", /^telltale: cannot send (spans|log records) to http:\/\/127/);
      assert.match(
        lines[1] ?? "",
        /works again; lost: (10 spans, 6 log records|6 log records, 10 spans) and 6 data points\n$/,
      );
    });
  }

  it("of one signal for another reason is logged separately", async () => {
    const receiver = await startReceiver();
    receiver.setFaults(
      { kind: "status", status: 503, signal: "traces" },
      { kind: "status", status: 401, signal: "logs" },
    );
    const lines: string[] = [];
    const diagnostics = new Diagnostics("info", (line) => lines.push(line));
    const retry = { attempts: 1, firstMs: 0, factor: 1, maxMs: 0, jitter: 0 };
    const parts = { config: batchConfig, diagnostics, retry };
    const at = (path: string) => ({ ...otlpConfig(""), url: `${receiver.url}/v1/${path}` });
    const spans = createSpanProcessor({
      ...parts,
      otlp: at("traces"),
      counters: new SignalCounters(),
    });
    const logs = createLogProcessor({ ...parts, otlp: at("logs"), counters: new SignalCounters() });
    for (let round = 0; round < 3; round++) {
      spans.add(makeSpan(round));
      logs.add({ toRecord: () => makeLog(round) });
      await Promise.all([spans.flush(PROMPT_LIMIT_MS), logs.flush(PROMPT_LIMIT_MS)]);
    }
    await receiver.close();
    const reported = lines.map((line) => /send ([\w ]+) to .*: answered \d+/.exec(line)?.[1]);
    assert.deepEqual(new Set(reported), new Set(["spans", "log records"]));
    assert.equal(lines.length, 2, lines.join(""));
  });
});

describe("An event loop that is blocked for longer than the limit", () => {
  /** Longer than the limit of the exports. */
  const BLOCK_MS = 900;
  const LIMIT_MS = 300;

  for (const title of ["after the request was written", "before it has a connection"]) {
    it(`${title} causes no timeout of a response that has arrived`, async () => {
      const receiver = await startReceiverProcess();
      // The first response of a process is slow.
      const unlimited = createTestPipeline(otlpConfig(receiver.url));
      unlimited.addSpans(1);
      await unlimited.batch.flush(PROMPT_LIMIT_MS);
      const pipeline = createTestPipeline(otlpConfig(receiver.url, { timeoutMs: LIMIT_MS }));
      // The first request opens the connection.
      if (title.startsWith("after")) {
        pipeline.addSpans(1);
        await pipeline.batch.flush(PROMPT_LIMIT_MS);
      }
      pipeline.addSpans(1);
      const flushed = pipeline.batch.flush(PROMPT_LIMIT_MS);
      if (title.startsWith("after")) await new Promise((resolve) => setImmediate(resolve));
      block(BLOCK_MS);
      await flushed;
      await receiver.close();
      const { created, sent, droppedTotal } = pipeline.counters;
      assert.deepEqual([sent, droppedTotal, pipeline.batch.queued], [created, 0, 0]);
      assert.deepEqual(pipeline.lines, []);
    });
  }
});

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Starts a receiver that responds while this process is blocked. */
async function startReceiverProcess(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const main = new URL("../../src/testing/main.ts", import.meta.url);
  const child = spawn(process.execPath, [main.pathname], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return {
    url,
    close: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

function gatewayAt(url: string): ReturnType<typeof otlpConfig> {
  return { ...otlpConfig(""), url, hasFailover: true };
}

function createGateways(
  receivers: readonly Receiver[],
  changes: { readonly delayMs?: number } = {},
): {
  readonly batch: ItemProcessor<ReadableSpan>;
  readonly counters: SignalCounters;
  addSpans(count: number): void;
} {
  const gateways = receivers.map(({ url }) => gatewayAt(`${url}/v1/traces`));
  const counters = new SignalCounters();
  const batch = createSpanProcessor({
    config: { ...batchConfig, maxQueueSize: QUEUE, maxBatchSize: QUEUE, ...changes },
    otlp: { ...otlpConfig(""), gateways },
    counters,
    diagnostics: new Diagnostics("none", () => {}),
  });
  let created = 0;
  const addSpans = (count: number): void => {
    for (let remaining = count; remaining > 0; remaining--) {
      counters.created += 1;
      batch.add(spanOf(created++));
    }
  };
  return { batch, counters, addSpans };
}

/** Creates a span of a trace whose id is distributed like a random one. */
function spanOf(index: number): ReadableSpan {
  const span = makeSpan(index);
  const traceId = Buffer.alloc(16, `${index}-${index * 7919}-`).toString("hex");
  return { ...span, spanContext: () => ({ ...span.spanContext(), traceId }) };
}
