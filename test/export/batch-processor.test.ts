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
import type { ExportResult, OtlpExporter, OnExitResult } from "../../src/export/otlp-exporter.ts";
import { batchConfig, nonZeroCounts, noTls } from "./test-pipeline.ts";

const success: ExportResult = { delivered: true, rejected: 0, retryAfterMs: 0 };

/** A sender in the hands of the test: sends end when it says so. */
class ManualExporter implements OtlpExporter<number[]> {
  readonly calls: { items: number[]; end(result: ExportResult): void }[] = [];
  readonly events = new EventEmitter();
  requested: { items: number[]; settle: OnExitResult }[] = [];
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

  createExitRequest(items: number[], settle: OnExitResult): ExitRequest {
    this.requested.push({ items, settle });
    const body = new Uint8Array();
    return { kind: "http", url: "http://x/", headers: {}, body, tls: noTls, onResult: () => {} };
  }

  /** The `index`-th call, when it has come. */
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
  hand: ManualExporter;
  batch: BatchProcessor<number>;
  account: SignalCounters;
  lines: string[];
  /** What the batch said it needs no more. */
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
  return { hand: exporter, batch, account: counters, lines, released, add };
}

describe("a batch", () => {
  it("exports when it is full, not before its delay", async () => {
    const { hand: exporter, add } = setUp({ maxBatchSize: 3 });
    add(1, 2);
    await nextTurn();
    assert.equal(exporter.calls.length, 0);
    add(3);
    assert.deepEqual((await exporter.call(0)).items, [1, 2, 3]);
  });

  it("exports what there is when the delay is over, again and again", async () => {
    const { hand: exporter, add } = setUp({ delayMs: 5 });
    add(1);
    (await keepAlive(exporter.call(0))).end(success);
    await nextTurn();
    add(2);
    const second = await keepAlive(exporter.call(1));
    assert.deepEqual(second.items, [2]);
  });

  it("releases what was sent, dropped or found no room, and not what it handed on", async () => {
    const unavailable: number[] = [];
    const {
      hand: exporter,
      batch,
      released,
      add,
    } = setUp({ maxBatchSize: 2, maxQueueSize: 4 }, (items) => {
      unavailable.push(...items);
      return 0;
    });
    add(1, 2);
    const first = await exporter.call(0);
    assert.deepEqual(released, [], "while it is sent");
    add(3, 4, 5, 6);
    batch.requeue(7);
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

  it("has one export in flight, and then goes on with what came meanwhile", async () => {
    const { hand: exporter, add } = setUp({ maxBatchSize: 2 });
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

  it("drops the newest when full, says so once, and once that it drains again", async () => {
    const {
      hand: exporter,
      account: counters,
      lines,
      add,
    } = setUp({ maxQueueSize: 4, maxBatchSize: 4 });
    add(1, 2, 3, 4);
    const first = await exporter.call(0);
    add(5, 6, 7, 8, 9, 10, 11);
    assert.deepEqual(nonZeroCounts(counters), { queued: 8, queue_full: 3 });
    first.end(success);
    const second = await exporter.call(1);
    assert.deepEqual(second.items, [5, 6, 7, 8]);
    assert.equal(lines.length, 1, "said to drain when it was full");
    second.end(success);
    await nextTurn();
    assert.deepEqual(nonZeroCounts(counters), { sent: 8, queue_full: 3 });
    assert.deepEqual(lines, [
      "telltale: the queue of spans is full (4); new ones are dropped and counted until it drains\n",
      "telltale: the queue of spans drains again; 3 were dropped\n",
    ]);
  });

  const results: { title: string; outcome: ExportResult; books: Record<string, number> }[] = [
    { title: "sent", outcome: success, books: { sent: 2 } },
    { title: "failed", outcome: { ...success, delivered: false }, books: { failed: 2 } },
    { title: "rejected", outcome: { ...success, rejected: 1 }, books: { sent: 1, rejected: 1 } },
    // A peer that claims to have refused more than it got.
    { title: "rejected", outcome: { ...success, rejected: 99 }, books: { rejected: 2 } },
  ];
  for (const { title, outcome: result, books: counts } of results) {
    it(`counts items as ${title} when the outcome is ${JSON.stringify(result)}`, async () => {
      const { hand: exporter, account: counters, add } = setUp({ maxBatchSize: 2 });
      add(1, 2);
      assert.deepEqual(nonZeroCounts(counters), { queued: 2 });
      (await exporter.call(0)).end(result);
      await nextTurn();
      assert.deepEqual(nonZeroCounts(counters), counts);
    });
  }

  it("leaves a peer alone for as long as it asks", async () => {
    const { hand: exporter, batch, add } = setUp({ maxBatchSize: 1, delayMs: 1 });
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

  it("flushes what is in flight and what is queued, and nothing that comes later", async () => {
    const { hand: exporter, batch, add } = setUp({ maxBatchSize: 2 });
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

  it("ends a flush when its time is over, whatever the peer does", async () => {
    const { hand: exporter, batch, account: counters, add } = setUp({});
    add(1);
    await batch.flush(20);
    assert.equal(exporter.calls.length, 1);
    assert.deepEqual(nonZeroCounts(counters), { queued: 1 });
  });

  it("flushes at once when there is nothing", async () => {
    const { batch } = setUp({});
    let isFlushed = false;
    const flushed = batch.flush(5000).then(() => (isFlushed = true));
    await nextTurn();
    assert.equal(isFlushed, true);
    await flushed;
  });

  it("leaves no trace, and doesn't keep the context of the request that filled or flushed it", async () => {
    const { hand: exporter, batch, add } = setUp({ maxBatchSize: 2 });
    appStorage.run("a request", () => add(1, 2));
    (await exporter.call(0)).end(success);
    add(3);
    const flushed = appStorage.run("a request", () => batch.flush(5000));
    (await exporter.call(1)).end(success);
    await flushed;
    const outside = { suppressed: true, store: undefined };
    assert.deepEqual(exporter.contexts, [outside, outside]);
  });

  it("survives a sender that can't be made or throws, with one line", async () => {
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

  it("gives out at the end what the peer hasn't got, in batches, once", async () => {
    const { hand: exporter, batch, account: counters, add } = setUp({ maxBatchSize: 2 });
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
    exporter.requested[0]?.settle(true, 1);
    exporter.requested[1]?.settle(true, 0);
    exporter.requested[2]?.settle(false, 0);
    assert.deepEqual(nonZeroCounts(counters), { sent: 3, rejected: 1, shutdown: 1 });
  });

  it("leaves to the kernel at the end what the kernel has", async () => {
    const { hand: exporter, batch, add } = setUp({ maxBatchSize: 2 });
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

/** All that is ready to run has run. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Timers of ours don't keep the test runner awake. */
async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, 1000);
  return work.finally(() => clearInterval(hold));
}
