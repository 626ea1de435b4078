import assert from "node:assert/strict";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { SignalCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import type { ExitRequest } from "../../src/export/pipeline.ts";
import type { ExportResult, TelemetryExporter } from "../../src/export/telemetry-exporter.ts";
import { MetricReaderState } from "../../src/metrics/reader-state.ts";
import { countDataPoints } from "../../src/metrics/divide-metrics.ts";
import { PeriodicReader } from "../../src/metrics/periodic-reader.ts";
import { createMetricsFixture, numbersOf } from "./metrics-fixture.ts";

const delivered: ExportResult = { delivered: true, rejected: 0, retryAfterMs: 0 };

/** An exporter whose results the test controls. */
class ManualExporter implements TelemetryExporter<ResourceMetrics> {
  readonly sent: ResourceMetrics[] = [];
  readonly requested: ResourceMetrics[] = [];
  readonly settles: ((delivered: boolean, rejected: number) => void)[] = [];
  isFullyWritten = false;
  respond: (payload: ResourceMetrics) => Promise<ExportResult> = async () => delivered;

  async export(payload: ResourceMetrics): Promise<ExportResult> {
    this.sent.push(payload);
    return this.respond(payload);
  }

  cancel(): boolean {
    return this.isFullyWritten;
  }

  createExitRequest(
    payload: ResourceMetrics,
    settle: (delivered: boolean, rejected: number) => void,
  ): ExitRequest {
    this.requested.push(payload);
    this.settles.push(settle);
    return { kind: "http" } as ExitRequest;
  }
}

function create(
  temporality: "cumulative" | "delta" = "cumulative",
  maxBatchSize?: number,
): {
  readonly reader: PeriodicReader;
  readonly exporter: ManualExporter;
  readonly counters: SignalCounters;
  readonly lines: string[];
  readonly add: (value: number, series?: number) => void;
} {
  const { store } = createMetricsFixture();
  const counter = store.provider.getMeter("app").createCounter("c");
  const readerState = new MetricReaderState(temporality, store.startedAt);
  const exporter = new ManualExporter();
  const counters = new SignalCounters();
  const lines: string[] = [];
  const reader = new PeriodicReader({
    intervalMs: 5,
    timeoutMs: 1000,
    maxBatchSize,
    counters,
    diagnostics: new Diagnostics("debug", (text) => lines.push(text)),
    createExporter: () => exporter,
    collect: (options) => store.collect(readerState, options),
    collectNow: () => store.collectNow(readerState),
  });
  return { reader, exporter, counters, lines, add: (value, a = 1) => counter.add(value, { a }) };
}

/** Results of an export, and the counters afterwards. */
const results: readonly (readonly [
  string,
  ExportResult,
  Partial<SignalCounters>,
  Partial<SignalCounters["dropped"]>,
])[] = [
  ["all delivered", delivered, { created: 1, sent: 1 }, {}],
  [
    "not delivered",
    { delivered: false, rejected: 0, retryAfterMs: 0 },
    { created: 1, sent: 0 },
    { failed: 1 },
  ],
  [
    "partly rejected",
    { delivered: true, rejected: 1, retryAfterMs: 0 },
    { created: 1, sent: 0 },
    { rejected: 1 },
  ],
  [
    "more rejected than there was",
    { delivered: true, rejected: 9, retryAfterMs: 0 },
    { created: 1, sent: 0 },
    { rejected: 1 },
  ],
];

describe("Periodically exported metrics", () => {
  for (const [title, result, counts, dropped] of results) {
    it(`are counted: ${title}`, async () => {
      const { reader, exporter, counters, add } = create();
      exporter.respond = async () => result;
      add(1);
      await reader.flush(1000);
      for (const [name, value] of Object.entries(counts)) {
        assert.equal(counters[name as "created"], value, name);
      }
      for (const [reason, count] of Object.entries(dropped)) {
        assert.equal(counters.dropped[reason as "failed"], count, reason);
      }
      assert.equal(counters.queued, 0);
    });
  }

  it("are exported in requests of the configured size, also at the end of the process", async () => {
    const { reader, exporter, counters, add } = create("cumulative", 2);
    for (let series = 0; series < 5; series++) add(1, series);
    await reader.flush(1000);
    assert.deepEqual(exporter.sent.map(countDataPoints), [2, 2, 1]);
    assert.deepEqual([counters.created, counters.sent, counters.queued], [5, 5, 0]);
    for (const createRequest of reader.drainForExit()) createRequest();
    assert.deepEqual(exporter.requested.map(countDataPoints), [2, 2, 1]);
  });

  it("are exported in halves if they are too large, and in that size from then on", async () => {
    const { reader, exporter, counters, add } = create();
    exporter.respond = async (payload) =>
      countDataPoints(payload) > 3 ? { ...delivered, delivered: false, tooLarge: true } : delivered;
    for (let series = 0; series < 9; series++) add(1, series);
    await reader.flush(1000);
    assert.deepEqual(exporter.sent.map(countDataPoints), [9, 5, 3, 2, 3, 1]);
    assert.deepEqual([counters.created, counters.sent, counters.queued], [9, 9, 0]);
    exporter.sent.length = 0;
    await reader.flush(1000);
    assert.deepEqual(exporter.sent.map(countDataPoints), [3, 3, 3]);
  });

  it("wait in parts if the peer asks for a pause, and are exported before others", async () => {
    const { reader, exporter, counters, add } = create("delta", 1);
    exporter.respond = async () => ({ delivered: true, rejected: 0, retryAfterMs: 20 });
    for (let series = 0; series < 3; series++) add(1, series);
    await reader.flush(1000);
    assert.deepEqual([exporter.sent.length, reader.queued], [1, 2]);
    exporter.respond = async () => delivered;
    while (exporter.sent.length < 3) await reader.flush(1000);
    assert.deepEqual([counters.created, counters.sent, reader.queued], [3, 3, 0]);
  });

  it("are exported at the interval, one export at a time", async () => {
    const { reader, exporter, add } = create();
    let finishExport: (result: ExportResult) => void = () => {};
    exporter.respond = () => new Promise((resolve) => (finishExport = resolve));
    add(1);
    reader.start();
    while (exporter.sent.length === 0) await nextTick();
    for (let round = 0; round < 10; round += 1) await nextTick();
    assert.equal(exporter.sent.length, 1);
    finishExport(delivered);
    while (exporter.sent.length === 1) await nextTick();
    finishExport(delivered);
  });

  it("report once that the exporter throws, and continue", async () => {
    const { reader, exporter, counters, lines, add } = create();
    exporter.respond = async () => {
      throw new Error("no chunk");
    };
    add(1);
    await reader.flush(1000);
    await reader.flush(1000);
    assert.equal(counters.dropped.failed, 2);
    assert.equal(lines.length, 1);
    exporter.respond = async () => delivered;
    await reader.flush(1000);
    assert.equal(counters.sent, 1);
  });

  it("don't delay a flush beyond its time limit", async () => {
    const { reader, exporter, add } = create();
    exporter.respond = () => new Promise(() => {});
    add(1);
    const before = performance.now();
    await reader.flush(30);
    assert.ok(performance.now() - before < 8000);
  });

  it("at process exit are the final values", () => {
    const { reader, exporter, counters, add } = create();
    add(5);
    assert.equal(reader.drainForExit().map((make) => make()).length, 1);
    assert.equal(numbersOf(exporter.requested[0]!, "c")[0]?.value, 5);
    assert.equal(counters.queued, 1);
    exporter.settles[0]?.(true, 0);
    assert.deepEqual([counters.sent, counters.queued], [1, 0]);
  });

  it("at process exit include the export in flight, so that no delta is missing", async () => {
    const { reader, exporter, counters, add } = create("delta");
    exporter.respond = () => new Promise(() => {});
    add(5);
    void reader.flush(1000);
    while (exporter.sent.length === 0) await nextTick();
    add(2);
    assert.equal(reader.drainForExit().map((make) => make()).length, 2);
    const values = exporter.requested.map((metrics) => numbersOf(metrics, "c")[0]?.value);
    assert.deepEqual(values, [5, 2]);
    exporter.settles[0]?.(true, 0);
    exporter.settles[1]?.(false, 0);
    assert.deepEqual(
      [counters.created, counters.sent, counters.dropped.shutdown, counters.queued],
      [2, 1, 1, 0],
    );
  });

  it("at process exit don't repeat a fully written export, and count its response", async () => {
    const { reader, exporter, counters, add } = create("delta");
    const response = Promise.withResolvers<ExportResult>();
    exporter.respond = () => response.promise;
    exporter.isFullyWritten = true;
    add(5);
    const flushed = reader.flush(1000);
    while (exporter.sent.length === 0) await nextTick();
    assert.deepEqual(reader.drainForExit(), []);
    assert.deepEqual([counters.created, counters.sent, counters.queued], [1, 0, 1]);
    response.resolve(delivered);
    await flushed;
    assert.deepEqual([counters.created, counters.sent, counters.queued], [1, 1, 0]);
  });

  it("are not exported without data points", async () => {
    const { reader, exporter } = create();
    await reader.flush(1000);
    assert.deepEqual(reader.drainForExit(), []);
    assert.deepEqual(exporter.sent, []);
  });

  it("count points", () => {
    const { store, collect } = createMetricsFixture();
    const counter = store.provider.getMeter("app").createCounter("c");
    counter.add(1, { a: 1 });
    counter.add(1, { a: 2 });
    assert.equal(countDataPoints(collect()), 2);
  });
});

function nextTick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
