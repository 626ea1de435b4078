import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { Account } from "../../src/diagnostics/account.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createLogBatch, createSpanBatch } from "../../src/export/item-batch.ts";
import type { ItemBatch } from "../../src/export/exit.ts";
import { createMetricSender } from "../../src/export/otlp.ts";
import { setTimeout as pause } from "node:timers/promises";
import { type Receiver, startReceiver } from "../../src/receiver/receiver.ts";
import { untilTrue } from "../until.ts";
import { batchConfig, createPipe, otlpConfig } from "./pipeline.ts";
import { collectMetrics, makeLog, makeSpan } from "./telemetry.ts";

const PROMPT = 20_000;
const QUEUE = 40;

describe("Of two gateways of which one asks for a pause", () => {
  let well: Receiver;
  let busy: Receiver;
  beforeEach(async () => {
    [well, busy] = await Promise.all([startReceiver(), startReceiver()]);
  });
  afterEach(() => Promise.all([well.close(), busy.close()]));

  for (const status of [429, 503]) {
    it(`by ${status}, the other gets all there is, and none of it is lost`, async () => {
      busy.setFaults({ kind: "status", status, headers: { "retry-after": "120" } });
      const { batch, account, make } = createGateways([well, busy]);
      // Traffic that goes on for longer than a gateway that only failed is left alone.
      const end = performance.now() + 2500;
      do {
        make(QUEUE / 4);
        await batch.flush(200);
        await pause(50);
      } while (performance.now() < end);
      await batch.flush(PROMPT);
      assert.equal(account.sent, account.made);
      assert.equal(well.spans.length, account.made);
      assert.equal(busy.requests.length, 1, "asked again before its pause was over");
    });
  }

  it("and the other is away, what waits goes to the other as soon as that is back", async () => {
    busy.setFaults({ kind: "status", status: 429, headers: { "retry-after": "120" } });
    well.setFaults({ kind: "status", status: 503 });
    const { batch, account, make } = createGateways([well, busy], { delayMs: 20 });
    make(QUEUE);
    await untilTrue(() => well.requests.length > 0 && busy.requests.length > 0, "two refusals");
    well.setFaults();
    await untilTrue(() => account.sent === QUEUE, "all spans at the other");
    assert.equal(well.spans.length, QUEUE);
    assert.equal(busy.requests.length, 1, "asked again before its pause was over");
    assert.deepEqual([account.sent, account.droppedTotal, batch.queued], [QUEUE, 0, 0]);
  });

  it("the metrics go to the other, and are not held", async () => {
    const gateways = [well, busy].map(({ url }) => gatewayAt(`${url}/v1/metrics`));
    const diagnostics = new Diagnostics("none", () => {});
    const sender = createMetricSender({ ...otlpConfig(""), gateways }, diagnostics);
    const send = async (): Promise<unknown[]> => {
      const { delivered, holdMs } = await sender.send(await collectMetrics(), PROMPT);
      return [delivered, holdMs];
    };
    assert.deepEqual(await send(), [true, 0]);
    // Which one is a process's own is chance.
    const own = well.requests.length > 0 ? well : busy;
    own.setFaults({ kind: "status", status: 429, headers: { "retry-after": "120" } });
    assert.deepEqual(await send(), [true, 0]);
    assert.deepEqual(await send(), [true, 0]);
    assert.equal(own.requests.length, 2, "asked again before its pause was over");
  });
});

describe("A collector that asks for a pause", () => {
  it("is left alone for as long, and gets the rest then", async () => {
    const receiver = await startReceiver();
    receiver.setFaults({ kind: "status", status: 429, headers: { "retry-after": "1" }, times: 1 });
    const pipe = createPipe(otlpConfig(receiver.url, { timeoutMs: 500 }), { delayMs: 10 });
    pipe.make(1);
    await untilTrue(() => pipe.account.pausedUntil > 0, "the pause");
    pipe.make(1);
    await untilTrue(() => receiver.spans.length === 1, "the rest");
    const [first, second] = receiver.requests;
    await receiver.close();
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 1000, "too early");
    assert.equal(receiver.requests.length, 2);
    assert.match(
      pipe.lines[0] ?? "",
      /answered 429 .* and asked for a pause of 1 s; nothing is sent there until \S+Z \(dropped/,
    );
  });
});

describe("An outage", () => {
  for (const [title, fault] of [
    ["by a status", { kind: "status", status: 503 }],
    ["of the network", { kind: "close" }],
  ] as const) {
    it(`${title} costs one line for all signals, and one with all that was lost`, async () => {
      const receiver = await startReceiver();
      const lines: string[] = [];
      const diagnostics = new Diagnostics("info", (line) => lines.push(line));
      const retry = { attempts: 1, firstMs: 0, factor: 1, maxMs: 0, jitter: 0 };
      const parts = { config: batchConfig, diagnostics, retry };
      const at = (path: string) => ({ ...otlpConfig(""), url: `${receiver.url}/v1/${path}` });
      const spans = createSpanBatch({ ...parts, otlp: at("traces"), account: new Account() });
      const logs = createLogBatch({ ...parts, otlp: at("logs"), account: new Account() });
      const metrics = createMetricSender(at("metrics"), diagnostics, retry);
      const sendAll = async (): Promise<void> => {
        for (let index = 0; index < 5; index++) spans.add(makeSpan(index));
        for (let index = 0; index < 3; index++) logs.add({ finished: () => makeLog(index) });
        await Promise.all([spans.flush(PROMPT), logs.flush(PROMPT)]);
        await metrics.send(await collectMetrics(), PROMPT);
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

  it("of one signal for a reason of its own has a line of its own", async () => {
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
    const spans = createSpanBatch({ ...parts, otlp: at("traces"), account: new Account() });
    const logs = createLogBatch({ ...parts, otlp: at("logs"), account: new Account() });
    for (let round = 0; round < 3; round++) {
      spans.add(makeSpan(round));
      logs.add({ finished: () => makeLog(round) });
      await Promise.all([spans.flush(PROMPT), logs.flush(PROMPT)]);
    }
    await receiver.close();
    const told = lines.map((line) => /send ([\w ]+) to .*: answered \d+/.exec(line)?.[1]);
    assert.deepEqual(new Set(told), new Set(["spans", "log records"]));
    assert.equal(lines.length, 2, lines.join(""));
  });
});

describe("An event loop that is blocked for longer than the limit", () => {
  /** Beyond the limit of the exports. */
  const BLOCKED_MS = 900;
  const LIMIT_MS = 300;

  for (const title of ["after the request has left", "before it has a connection"]) {
    it(`${title} makes no timeout of an answer that is there`, async () => {
      const receiver = await startReceiverProcess();
      const pipe = createPipe(otlpConfig(receiver.url, { timeoutMs: LIMIT_MS }));
      // The first request opens the connection.
      if (title.startsWith("after")) {
        pipe.make(1);
        await pipe.batch.flush(PROMPT);
      }
      pipe.make(1);
      const flushed = pipe.batch.flush(PROMPT);
      if (title.startsWith("after")) await new Promise((resolve) => setImmediate(resolve));
      block(BLOCKED_MS);
      await flushed;
      await receiver.close();
      const { made, sent, droppedTotal } = pipe.account;
      assert.deepEqual([sent, droppedTotal, pipe.batch.queued], [made, 0, 0]);
      assert.deepEqual(pipe.lines, []);
    });
  }
});

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Answers while this process is blocked. */
async function startReceiverProcess(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const main = new URL("../../src/receiver/main.ts", import.meta.url);
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
  return { ...otlpConfig(""), url, isOneOfSeveral: true };
}

function createGateways(
  receivers: readonly Receiver[],
  changes: { readonly delayMs?: number } = {},
): {
  readonly batch: ItemBatch<ReadableSpan>;
  readonly account: Account;
  make(count: number): void;
} {
  const gateways = receivers.map(({ url }) => gatewayAt(`${url}/v1/traces`));
  const account = new Account();
  const batch = createSpanBatch({
    config: { ...batchConfig, maxQueueSize: QUEUE, maxBatchSize: QUEUE, ...changes },
    otlp: { ...otlpConfig(""), gateways },
    account,
    diagnostics: new Diagnostics("none", () => {}),
  });
  let made = 0;
  const make = (count: number): void => {
    for (let left = count; left > 0; left--) {
      account.made += 1;
      batch.add(spanOf(made++));
    }
  };
  return { batch, account, make };
}

/** Traces whose ids are as spread as random ones are. */
function spanOf(index: number): ReadableSpan {
  const span = makeSpan(index);
  const traceId = Buffer.alloc(16, `${index}-${index * 7919}-`).toString("hex");
  return { ...span, spanContext: () => ({ ...span.spanContext(), traceId }) };
}
