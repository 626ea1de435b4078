import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";
import { type CountingReceiver, startCountingReceiver } from "./counting-receiver.ts";
import { Orders } from "./orders.ts";
import { Service } from "./service.ts";

/**
 * The numbers of requests and starts: those of the goals with `TEST_LONG=1`, which
 * take about ten minutes, otherwise a share of them.
 */
const isLong = process.env["TEST_LONG"] === "1";
const sizes = isLong
  ? { load: 100_000, outage: 600_000, batch: 100_000, starts: 1_000 }
  : { load: 10_000, outage: 30_000, batch: 10_000, starts: 20 };

/**
 * Maximum growth of the heap between two batches. Node's own, in the same service without
 * telltale, is 0.2 % per 100,000 requests: code that is compiled and caches that fill up late.
 */
const MAX_HEAP_GROWTH = isLong ? 0.005 : 0.02;
const WARM_UP_BATCHES = 3;
const MAX_RSS_GROWTH_BYTES = 50_000_000;
const MAX_RECOVERY_MS = 10_000;
/** Requests for the footprint, which have a span and no log record. */
const FOOTPRINTS = 2;

describe("A service under load", function () {
  if (isLong) this.timeout(30 * 60_000);
  let receiver: CountingReceiver;
  let orders: Orders | undefined;
  beforeEach(async () => {
    receiver = await startCountingReceiver();
  });
  afterEach(async () => {
    orders?.close();
    orders = undefined;
    await receiver.close();
  });

  it(`loses none of ${sizes.load} spans and log records when SIGTERM ends it`, async () => {
    const service = await Service.start(receiver, {
      // A receiver that is slow because the machine is busy is another matter.
      OTEL_BSP_MAX_QUEUE_SIZE: "200000",
      OTEL_BLRP_MAX_QUEUE_SIZE: "200000",
    });
    orders = await Orders.open(service.port);
    const open = orders;
    open.start();
    await pollUntilTrue(() => open.answered >= sizes.load, "the responses");
    open.expectEnd();
    const { code, signal, stderr } = await service.end();
    assert.deepEqual([code, signal, stderr], [null, "SIGTERM", ""]);
    await pollUntilTrue(
      () => receiver.spans >= open.answered && receiver.logs >= open.answered,
      () => `${open.answered} responses: ${receiver.spans} spans, ${receiver.logs} log records`,
    );
    // Nothing arrives twice. A request in flight may have a record without a response.
    assert.ok(receiver.spans <= open.sent && receiver.logs <= open.sent);
  });

  it(`needs bounded memory in an outage of ${sizes.outage} requests, fails none, and recovers at once`, async () => {
    // Time is compressed: what ten minutes of outage at 1,000 requests a second create.
    const service = await Service.start(receiver, { OTEL_EXPORTER_OTLP_TIMEOUT: "2000" });
    orders = await Orders.open(service.port);
    await orders.send(sizes.batch);
    await service.accounts(({ spans, logs }) => spans.queued === 0 && logs.queued === 0);
    const before = await service.footprint();
    receiver.isAvailable = false;
    await orders.send(sizes.outage);
    const during = await service.footprint();
    receiver.isAvailable = true;
    const recoveredAt = performance.now();
    const { spans: lost } = await service.accounts(
      ({ spans, logs }) => spans.queued === 0 && logs.queued === 0,
    );
    const recoveryMs = performance.now() - recoveredAt;
    await orders.send(100);
    const { spans, logs } = await service.accounts(
      (now) => now.spans.queued === 0 && now.logs.queued === 0,
    );
    const growth = during.rss - before.rss;
    console.log(
      `    outage: ${Math.round(growth / 1e5) / 10} MB more, recovered in ${Math.round(recoveryMs)} ms, ${lost.dropped} of ${spans.created} spans dropped`,
    );
    assert.equal(orders.failed, 0);
    assert.ok(growth < MAX_RSS_GROWTH_BYTES, `${growth} bytes`);
    assert.ok(recoveryMs < MAX_RECOVERY_MS, `${recoveryMs} ms`);
    const all = sizes.batch + sizes.outage + 100;
    for (const [account, received, created] of [
      [spans, receiver.spans, all + FOOTPRINTS],
      [logs, receiver.logs, all],
    ] as const) {
      assert.equal(account.created, created);
      assert.equal(account.sent + account.dropped, created);
      assert.equal(account.sent, received);
      assert.ok(account.dropped > 0);
    }
    assert.equal((await service.end()).signal, "SIGTERM");
  });

  it(`keeps the same heap, handles, listeners and files after ${sizes.batch} more requests`, async () => {
    const service = await Service.start(receiver);
    orders = await Orders.open(service.port);
    const measure = async (): ReturnType<Service["footprint"]> => {
      await orders?.send(sizes.batch);
      await service.accounts(({ spans, logs }) => spans.queued === 0 && logs.queued === 0);
      await service.footprint();
      return service.footprint();
    };
    for (let batch = 0; batch < WARM_UP_BATCHES; batch++) await measure();
    const first = await measure();
    const second = await measure();
    const growth = second.heapUsed / first.heapUsed - 1;
    console.log(
      `    heap: ${first.heapUsed} and ${second.heapUsed} bytes (${(growth * 100).toFixed(3)} %), RSS ${first.rss} and ${second.rss}`,
    );
    assert.ok(growth < MAX_HEAP_GROWTH, `${growth}`);
    assert.deepEqual(second.handles, first.handles);
    assert.deepEqual(second.listeners, first.listeners);
    assert.equal(second.files, first.files);
    assert.equal((await service.end()).signal, "SIGTERM");
  });
});

/** Number of processes at a time. */
const STARTS_AT_A_TIME = 4;

describe("A process that starts and stops", function () {
  if (isLong) this.timeout(60 * 60_000);
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-starts-"));
  });
  after(async () => {
    await receiver.close();
    rmSync(folder, { recursive: true });
  });

  it(`leaves no file, folder or port after ${sizes.starts} times`, async () => {
    const file = fileURLToPath(new URL("apps/short.mjs", import.meta.url));
    let remaining = sizes.starts;
    const startInTurn = async (): Promise<void> => {
      // Each start finds the port of the one before it free.
      const port = await freePort();
      while (remaining-- > 0) {
        const program = new Program({
          file,
          flags: preload.import,
          cwd: folder,
          env: {
            ...telemetryEnv(receiver),
            OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
            TMPDIR: folder,
          },
        });
        await program.waitForStdout((stdout) => stdout.includes("ready") || undefined);
        program.kill("SIGTERM");
        const { code, signal, stderr } = await program.ended;
        assert.deepEqual([code, signal, stderr], [null, "SIGTERM", ""]);
      }
    };
    await Promise.all(Array.from({ length: STARTS_AT_A_TIME }, startInTurn));
    assert.deepEqual(readdirSync(folder), []);
    await receiver.settled();
    assert.equal(receiver.events.length, sizes.starts);
    assert.equal(receiver.spans.length, sizes.starts);
  });
});
