import assert from "node:assert/strict";
import type { LogsConfig } from "../../src/config/config.ts";
import {
  createTelemetryCounters,
  type SignalCounters,
} from "../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createLogs, type Logs } from "../../src/logs/logs.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { batchConfig, otlpConfig } from "../export/test-pipeline.ts";
import { resource } from "../export/telemetry.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { logIdsOf, inRequest } from "./requests.ts";

interface LogPipeline extends Logs {
  readonly counters: SignalCounters;
  readonly lines: readonly string[];
}

function create(url: string, changes: Partial<LogsConfig> = {}): LogPipeline {
  const lines: string[] = [];
  const config: LogsConfig = {
    exporters: ["otlp"],
    limits: { attributeCount: 128, attributeLength: Infinity },
    files: undefined,
    consoleLines: "active",
    levels: [],
    levelSignal: undefined,
    debugSecret: undefined,
    bufferLevel: undefined,
    lineFormat: undefined,
    nodeEnvironment: undefined,
    accessLog: "off",
    slowRequestMs: Infinity,
    queries: false,
    batch: batchConfig,
    otlp: otlpConfig(url, { url: `${url}/v1/logs` }),
    ...changes,
  };
  const diagnostics = new Diagnostics("info", (text) => lines.push(text));
  const counters = createTelemetryCounters();
  const deps = { config, resource, redactor, counters, diagnostics, flushTimeoutMs: 1000 };
  return { ...createLogs(deps), counters: counters.logs, lines };
}

function emit(logs: Logs, count: number): void {
  const logger = logs.provider.getLogger("shop", "1.0.0");
  for (let i = 0; i < count; i++) {
    inRequest(i, () => logger.emit({ severityNumber: 9, severityText: "info", body: `line ${i}` }));
  }
}

function countsOf({ created, sent, droppedTotal, queued }: SignalCounters): object {
  return { created, sent, dropped: droppedTotal, queued };
}

describe("The logs pipeline", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const protocol of ["http/protobuf", "http/json"] as const) {
    it(`sends records over ${protocol}, with trace, scope and resource`, async () => {
      const otlp = otlpConfig(receiver.url, { protocol, url: `${receiver.url}/v1/logs` });
      const logs = create(receiver.url, { otlp });
      inRequest(1, () =>
        logs.provider.getLogger("shop", "1.0.0", { attributes: { zone: 1 } }).emit({
          eventName: "order.placed",
          severityNumber: 13,
          severityText: "warn",
          body: { order: 12 },
          attributes: { ratio: 0.5, list: [1, "a"], bytes: Buffer.from("ab") },
          timestamp: [1_700_000_000, 5],
        }),
      );
      await logs.pipeline.flush(5000);
      const [log, ...others] = receiver.logs;
      assert.ok(log);
      assert.equal(others.length, 0);
      assert.equal(log.timeUnixNano, "1700000000000000005");
      assert.equal(log.traceId, logIdsOf(1).trace_id);
      assert.equal(log.spanId, logIdsOf(1).span_id);
      assert.equal(log.flags, 3);
      assert.equal(log.eventName, "order.placed");
      assert.deepEqual([log.severityNumber, log.severityText], [13, "warn"]);
      assert.deepEqual(log.scope, {
        name: "shop",
        version: "1.0.0",
        schemaUrl: "",
        attributes: { zone: 1 },
      });
      assert.equal(log.resource.attributes["service.name"], "shop");
      assert.equal(log.attributes["ratio"], 0.5);
      assert.deepEqual(log.attributes["list"], [1, "a"]);
      assert.deepEqual(log.body, { order: 12 });
      assert.deepEqual(countsOf(logs.counters), { created: 1, sent: 1, dropped: 0, queued: 0 });
    });
  }

  it("sends full batches at once, and the rest when it is flushed", async () => {
    const logs = create(receiver.url, { batch: { ...batchConfig, maxBatchSize: 100 } });
    emit(logs, 250);
    await logs.pipeline.flush(5000);
    const bodies = receiver.logs.map(({ body }) => body);
    assert.deepEqual(
      bodies,
      Array.from({ length: 250 }, (_, i) => `line ${i}`),
    );
    assert.deepEqual(countsOf(logs.counters), { created: 250, sent: 250, dropped: 0, queued: 0 });
  });

  it("drops and counts records when its queue is full", () => {
    const logs = create("http://127.0.0.1:9", { batch: { ...batchConfig, maxQueueSize: 10 } });
    emit(logs, 25);
    assert.equal(logs.counters.created, 25);
    assert.equal(logs.counters.dropped.queue_full, 15);
    assert.equal(logs.counters.queued, 10);
    assert.equal(logs.lines.length, 1);
    assert.match(logs.lines[0] ?? "", /queue of log records is full/);
    logs.pipeline.drainForExit();
  });

  it("returns the queued records as requests for the exit", async () => {
    const logs = create(receiver.url);
    emit(logs, 3);
    const requests = logs.pipeline.drainForExit().map((make) => make());
    assert.equal(requests.length, 1);
    const [request] = requests;
    assert.ok(request);
    const { url, headers, body } = request;
    const response = await fetch(url, { method: "POST", headers, body: Buffer.from(body) });
    assert.equal(response.status, 200);
    assert.equal(receiver.logs.length, 3);
    assert.deepEqual(logs.pipeline.drainForExit(), []);
  });

  it("creates no records without an exporter", async () => {
    const logs = create(receiver.url, { exporters: [] });
    emit(logs, 3);
    await logs.pipeline.flush(1000);
    assert.deepEqual(logs.pipeline.drainForExit(), []);
    assert.deepEqual(countsOf(logs.counters), { created: 0, sent: 0, dropped: 0, queued: 0 });
    assert.equal(receiver.logs.length, 0);
  });

  it("prints records with the console exporter", () => {
    const printed: unknown[] = [];
    const logs = create(receiver.url, { exporters: ["console"] });
    printingTo(
      (value) => printed.push(value),
      () => emit(logs, 2),
    );
    assert.deepEqual(
      printed.map((one) => (one as { body: unknown }).body),
      ["line 0", "line 1"],
    );
    assert.deepEqual(countsOf(logs.counters), { created: 2, sent: 2, dropped: 0, queued: 0 });
  });

  it("prints and sends records with both exporters", async () => {
    let printed = 0;
    const logs = create(receiver.url, { exporters: ["otlp", "console"] });
    printingTo(
      () => printed++,
      () => emit(logs, 2),
    );
    await logs.pipeline.flush(5000);
    assert.deepEqual([printed, receiver.logs.length, logs.counters.sent], [2, 2, 2]);
  });

  it("does not print records that printing creates", () => {
    const logs = create(receiver.url, { exporters: ["console"] });
    let printed = 0;
    printingTo(
      () => {
        printed++;
        emit(logs, 1);
      },
      () => emit(logs, 1),
    );
    assert.equal(printed, 1);
    assert.equal(logs.counters.created, 2);
  });

  it("reports a console that throws", () => {
    const logs = create(receiver.url, { exporters: ["console"] });
    printingTo(
      () => assert.fail("closed"),
      () => emit(logs, 2),
    );
    assert.equal(logs.lines.length, 1);
    assert.match(logs.lines[0] ?? "", /could not be printed.*closed/);
  });
});

function printingTo(dir: (value: unknown) => unknown, work: () => void): void {
  const original = console.dir;
  console.dir = dir;
  try {
    work();
  } finally {
    console.dir = original;
  }
}
