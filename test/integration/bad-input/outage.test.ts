import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type SignalCounts, ServiceProcess } from "./service.ts";
import { quickTelemetryEnv } from "./quick-telemetry-env.ts";

const QUEUE = 64;
const BATCH = 16;
const DURING = 600;
/** The expected lines: an outage and its end, and two queues that fill and drain. */
const LINES = 6;

describe("An outage of the collector under load", () => {
  let receiver: Receiver;
  let service: ServiceProcess;

  before(async () => {
    receiver = await startReceiver();
    service = await ServiceProcess.start({
      ...quickTelemetryEnv(receiver),
      OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
      OTEL_BSP_MAX_QUEUE_SIZE: String(QUEUE),
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: String(BATCH),
      OTEL_BLRP_MAX_QUEUE_SIZE: String(QUEUE),
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: String(BATCH),
    });
  });

  after(async () => {
    await ServiceProcess.killAll();
    await receiver.close();
  });

  it("loses nothing of the time before", async () => {
    await sendRequests(10);
    const { spans, logs } = await service.waitForCounts((counts) => counts.spans["sent"] === 10);
    assert.deepEqual(spans, { sent: 10 });
    assert.equal((logs["sent"] ?? 0) + (logs["queued"] ?? 0), 11);
    assert.equal(service.stderr, "");
  });

  it("costs no more memory than the queues, and no response", async () => {
    receiver.setFaults({ kind: "hang" });
    await sendRequests(DURING);
    const { spans, logs } = await service.waitForCounts();
    for (const counts of [spans, logs]) {
      assert.ok((counts["queued"] ?? 0) <= QUEUE + BATCH, JSON.stringify(counts));
      assert.ok((counts["queue_full"] ?? 0) > 0, JSON.stringify(counts));
    }
  });

  it("is reported once, and so is its end", async () => {
    await service.waitForStderr((stderr) => stderr.includes("cannot send"));
    // Otherwise one signal may work again before the other fails, which is a second outage.
    await service.waitForCounts(({ spans, logs }) => "failed" in spans && "failed" in logs);
    receiver.setFaults();
    await service.waitForCounts(({ spans, logs }) => !("queued" in spans) && !("queued" in logs));
    // Stderr and the counters are separate channels.
    await service.waitForStderr((stderr) => stderr.split("\n").length > LINES);
    const host = receiver.url;
    const { spans, logs } = await service.waitForCounts();
    const lines = service.stderr.split("\n").slice(0, -1).toSorted();
    assert.deepEqual(lines.map(withSpansFirst), [
      `telltale: cannot send THEM to ${host}: no answer within 2000 ms (dropped and counted until it works)`,
      `telltale: sending spans and log records to ${host} works again; lost: ${spans["failed"]} spans and ${logs["failed"]} log records`,
      `telltale: the queue of log records drains again; ${logs["queue_full"]} were dropped`,
      `telltale: the queue of log records is full (${QUEUE}); new ones are dropped and counted until it drains`,
      `telltale: the queue of spans drains again; ${spans["queue_full"]} were dropped`,
      `telltale: the queue of spans is full (${QUEUE}); new ones are dropped and counted until it drains`,
    ]);
  });

  it("leaves no item uncounted", async () => {
    await sendRequests(10);
    const all = 10 + DURING + 10;
    const { spans, logs } = await service.waitForCounts(
      (counts) => !("queued" in counts.spans) && !("queued" in counts.logs),
    );
    assert.equal(sumOf(spans), all);
    // The app's first line reports its port.
    assert.equal(sumOf(logs), all + 1);
    assert.equal(receiver.spans.length, spans["sent"]);
    assert.equal(receiver.logs.length, logs["sent"]);
  });

  /** Sends `count` requests, a few at a time. Each must get a response. */
  async function sendRequests(count: number): Promise<void> {
    let remaining = count;
    const customer = async (): Promise<void> => {
      while (remaining-- > 0) assert.equal(await service.get(), 200);
    };
    await Promise.all(Array.from({ length: 8 }, customer));
  }
});

/** Either signal may fail first. */
function withSpansFirst(line: string): string {
  return line
    .replace(/cannot send (spans|log records)/, "cannot send THEM")
    .replace("log records and spans", "spans and log records")
    .replace(/(\d+ log records) and (\d+ spans)/, "$2 and $1");
}

function sumOf(counts: SignalCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
