import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once, EventEmitter } from "node:events";
import type { BatchConfig } from "../../src/config/config.ts";
import { isTracingSuppressed } from "../../src/context/context.ts";
import { activeContext } from "../../src/context/manager.ts";
import { SignalCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { BatchProcessor } from "../../src/export/batch-processor.ts";
import type { ExitRequest } from "../../src/export/pipeline.ts";
import type {
  ExportResult,
  TelemetryExporter,
  OnExitResult,
} from "../../src/export/telemetry-exporter.ts";
import { batchConfig, nonZeroCounts, noTls } from "./test-pipeline.ts";

const success: ExportResult = { delivered: true, rejected: 0, retryAfterMs: 0 };

/** An exporter whose exports end when the test ends them. */
class ManualExporter implements TelemetryExporter<number[]> {
  readonly calls: { items: number[]; end(result: ExportResult): void }[] = [];
  readonly events = new EventEmitter();
  requested: { items: number[]; onResult: OnExitResult }[] = [];
  isFullyWritten = false;
  contexts: { suppressed: boolean; store: unknown }[] = [];

  export(items: number[]): Promise<ExportResult> {
    this.contexts.push({
      suppressed: isTracingSuppressed(activeContext()),
      store: appStorage.getStore(),
    });
    return new Promise((resolve) => {
      this.calls.push({ items, end: resolve });
      this.events.emit("call");
    });
  }

  cancel(): boolean {
    return this.isFullyWritten;
  }

  createExitRequest(items: number[], onResult: OnExitResult): ExitRequest {
    this.requested.push({ items, onResult });
    const body = new Uint8Array();
    return { kind: "http", url: "http://x/", headers: {}, body, tls: noTls, onResult: () => {} };
  }

  /** Resolves with the `index`-th call. */
  async call(index: number): Promise<{ items: number[]; end(result: ExportResult): void }> {
    while (this.calls.length <= index) await once(this.events, "call");
    return this.calls[index] as (typeof this.calls)[number];
  }
}

const appStorage = new AsyncLocalStorage<string>();

function setUp(
  changes: Partial<BatchConfig>,
  onUnavailable?: (items: readonly number[]) => number,
): {
  exporter: ManualExporter;
  batch: BatchProcessor<number>;
  counters: SignalCounters;
  lines: string[];
  /** Items that the processor has released. */
  released: number[];
  add(...items: number[]): void;
} {
  const exporter = new ManualExporter();
  const counters = new SignalCounters();
  const lines: string[] = [];
  const released: number[] = [];
  const batch = new BatchProcessor<number>({
    name: "spans",
    config: { ...batchConfig, ...changes },
    counters,
    diagnostics: new Diagnostics("info", (line) => lines.push(line)),
    encode: (item) => item,
    release: (item) => released.push(item),
    ...(onUnavailable !== undefined && { onUnavailable }),
    createExporter: () => exporter,
  });
  const add = (...items: number[]): void => {
    for (const item of items) {
      counters.created += 1;
      batch.add(item);
    }
  };
  return { exporter, batch, counters, lines, released, add };
}

describe("BatchProcessor", () => {
  it("exports a full batch before the delay is over", async () => {
    const { exporter, add } = setUp({ maxBatchSize: 3 });
    add(1, 2);
    await nextTurn();
    assert.equal(exporter.calls.length, 0);
    add(3);
    assert.deepEqual((await exporter.call(0)).items, [1, 2, 3]);
  });

  it("exports an incomplete batch whenever the delay is over", async () => {
    const { exporter, add } = setUp({ delayMs: 5 });
    add(1);
    (await keepAlive(exporter.call(0))).end(success);
    await nextTurn();
    add(2);
    const second = await keepAlive(exporter.call(1));
    assert.deepEqual(second.items, [2]);
  });

  it("exports a batch that is too large in halves, and counts and releases each item once", async () => {
    const { exporter, batch, counters, released, add } = setUp({ maxBatchSize: 4 });
    const tooLarge = { ...success, delivered: false, tooLarge: true };
    add(1, 2, 3, 4);
    (await exporter.call(0)).end(tooLarge);
    const flushed = batch.flush(10_000);
    const first = await exporter.call(1);
    assert.deepEqual([first.items, batch.queued, released], [[1, 2], 4, []]);
    first.end(success);
    (await exporter.call(2)).end(tooLarge);
    (await exporter.call(3)).end(tooLarge);
    (await exporter.call(4)).end(success);
    await flushed;
    assert.deepEqual(
      exporter.calls.map(({ items }) => items),
      [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]],
    );
    assert.deepEqual(nonZeroCounts(counters), { sent: 3, failed: 1 });
    assert.deepEqual([released, batch.queued], [[1, 2, 3, 4], 0]);
  });

  it("returns the halves at the end of the process, in requests of their size", async () => {
    const { exporter, batch, add } = setUp({ maxBatchSize: 4 });
    add(1, 2, 3, 4);
    (await exporter.call(0)).end({ ...success, delivered: false, tooLarge: true });
    await exporter.call(1);
    add(5, 6, 7);
    for (const create of batch.drainForExit()) create();
    assert.deepEqual(
      exporter.requested.map(({ items }) => items),
      [[1, 2], [3, 4], [5, 6], [7]],
    );
  });

  it("releases items that were sent or dropped, and not those that were handed over", async () => {
    const unavailable: number[] = [];
    const { exporter, batch, released, add } = setUp(
      { maxBatchSize: 2, maxQueueSize: 4 },
      (items) => {
        unavailable.push(...items);
        return 0;
      },
    );
    add(1, 2);
    const first = await exporter.call(0);
    assert.deepEqual(released, [], "while in flight");
    add(3, 4, 5, 6);
    batch.requeue(7, false);
    assert.deepEqual(released, [7]);
    first.end(success);
    (await exporter.call(1)).end({ ...success, delivered: false });
    (await exporter.call(2)).end({ ...success, delivered: false, retryable: true });
    await nextTurn();
    assert.deepEqual(
      [released, unavailable],
      [
        [7, 1, 2, 3, 4],
        [5, 6],
      ],
    );
  });

  it("has one export in flight, and exports later items after it", async () => {
    const { exporter, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    const first = await exporter.call(0);
    add(3, 4, 5, 6, 7);
    await nextTurn();
    assert.equal(exporter.calls.length, 1);
    first.end(success);
    const second = await exporter.call(1);
    assert.deepEqual(second.items, [3, 4]);
    second.end(success);
    assert.deepEqual((await exporter.call(2)).items, [5, 6]);
  });

  it("drops the newest items while full, and logs the start and the end of that once", async () => {
    const { exporter, counters, lines, add } = setUp({ maxQueueSize: 4, maxBatchSize: 4 });
    add(1, 2, 3, 4);
    const first = await exporter.call(0);
    add(5, 6, 7, 8, 9, 10, 11);
    assert.deepEqual(nonZeroCounts(counters), { queued: 8, queue_full: 3 });
    first.end(success);
    const second = await exporter.call(1);
    assert.deepEqual(second.items, [5, 6, 7, 8]);
    assert.equal(lines.length, 1, "logged a recovery while it was full");
    second.end(success);
    await nextTurn();
    assert.deepEqual(nonZeroCounts(counters), { sent: 8, queue_full: 3 });
    assert.deepEqual(lines, [
      "telltale: the queue of spans is full (4); new ones are dropped and counted until it drains\n",
      "telltale: the queue of spans drains again; 3 were dropped\n",
    ]);
  });

  const results: { title: string; result: ExportResult; counts: Record<string, number> }[] = [
    { title: "sent", result: success, counts: { sent: 2 } },
    { title: "failed", result: { ...success, delivered: false }, counts: { failed: 2 } },
    { title: "rejected", result: { ...success, rejected: 1 }, counts: { sent: 1, rejected: 1 } },
    // The peer claims to have rejected more items than it received.
    { title: "rejected", result: { ...success, rejected: 99 }, counts: { rejected: 2 } },
  ];
  for (const { title, result, counts } of results) {
    it(`counts items as ${title} if the result is ${JSON.stringify(result)}`, async () => {
      const { exporter, counters, add } = setUp({ maxBatchSize: 2 });
      add(1, 2);
      assert.deepEqual(nonZeroCounts(counters), { queued: 2 });
      (await exporter.call(0)).end(result);
      await nextTurn();
      assert.deepEqual(nonZeroCounts(counters), counts);
    });
  }

  it("pauses for as long as the peer asks", async () => {
    const { exporter, batch, add } = setUp({ maxBatchSize: 1, delayMs: 1 });
    add(1);
    (await exporter.call(0)).end({ delivered: false, rejected: 0, retryAfterMs: 50 });
    const start = performance.now();
    await nextTurn();
    add(2);
    const flushed = batch.flush(5000);
    (await exporter.call(1)).end(success);
    await flushed;
    assert.ok(performance.now() - start >= 45, `after ${performance.now() - start} ms`);
  });

  it("flushes the export in flight and the queue, but no later items", async () => {
    const { exporter, batch, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    const first = await exporter.call(0);
    add(3);
    let flushed = false;
    const flush = batch.flush(5000).then(() => (flushed = true));
    first.end(success);
    const second = await exporter.call(1);
    add(4);
    assert.deepEqual(second.items, [3]);
    assert.equal(flushed, false);
    second.end(success);
    await flush;
    assert.equal(exporter.calls.length, 2);
  });

  it("ends a flush at its time limit if the peer does not respond", async () => {
    const { exporter, batch, counters, add } = setUp({});
    add(1);
    await batch.flush(20);
    assert.equal(exporter.calls.length, 1);
    assert.deepEqual(nonZeroCounts(counters), { queued: 1 });
  });

  it("flushes an empty queue at once", async () => {
    const { batch } = setUp({});
    let isFlushed = false;
    const flushed = batch.flush(5000).then(() => (isFlushed = true));
    await nextTurn();
    assert.equal(isFlushed, true);
    await flushed;
  });

  it("exports without tracing, and outside the context of the request that filled or flushed it", async () => {
    const { exporter, batch, add } = setUp({ maxBatchSize: 2 });
    appStorage.run("a request", () => add(1, 2));
    (await exporter.call(0)).end(success);
    add(3);
    const flushed = appStorage.run("a request", () => batch.flush(5000));
    (await exporter.call(1)).end(success);
    await flushed;
    const outside = { suppressed: true, store: undefined };
    assert.deepEqual(exporter.contexts, [outside, outside]);
  });

  it("logs one line if the exporter cannot be created", async () => {
    const counters = new SignalCounters();
    const lines: string[] = [];
    const batch = new BatchProcessor<number>({
      name: "spans",
      config: batchConfig,
      counters,
      diagnostics: new Diagnostics("info", (line) => lines.push(line)),
      encode: (item) => item,
      createExporter: () => {
        throw new Error("no chunk");
      },
    });
    counters.created = 2;
    batch.add(1);
    await batch.flush(5000);
    batch.add(2);
    assert.deepEqual(
      batch.drainForExit().map((make) => make()),
      [undefined],
    );
    assert.deepEqual(nonZeroCounts(counters), { failed: 2 });
    assert.deepEqual(lines, ["telltale: spans could not be exported: Error: no chunk\n"]);
  });

  it("returns at process exit, once and in batches, what the peer does not have", async () => {
    const { exporter, batch, counters, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    const inFlight = await exporter.call(0);
    add(3, 4, 5);
    const pending = batch.drainForExit();
    assert.equal(exporter.requested.length, 0);
    for (const make of pending) make();
    assert.deepEqual(
      exporter.requested.map(({ items }) => items),
      [[1, 2], [3, 4], [5]],
    );
    assert.deepEqual(batch.drainForExit(), []);
    inFlight.end({ delivered: false, rejected: 0, retryAfterMs: 0 });
    await nextTurn();
    exporter.requested[0]?.onResult(true, 1);
    exporter.requested[1]?.onResult(true, 0);
    exporter.requested[2]?.onResult(false, 0);
    assert.deepEqual(nonZeroCounts(counters), { sent: 3, rejected: 1, shutdown: 1 });
  });

  it("does not return at process exit what the kernel has in full", async () => {
    const { exporter, batch, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    await exporter.call(0);
    add(3);
    exporter.isFullyWritten = true;
    for (const make of batch.drainForExit()) make();
    assert.deepEqual(
      exporter.requested.map(({ items }) => items),
      [[3]],
    );
  });
});

/** Resolves when everything that is ready to run has run. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Keeps the test runner alive, since the processor's timers are unref'd. */
async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, 1000);
  return work.finally(() => clearInterval(hold));
}
