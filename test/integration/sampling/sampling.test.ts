import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../program.ts";
import { startStockService } from "../stock.ts";

const REQUESTS = 600;
const FAILING = 50;
const CONCURRENCY = 10;
/** 1% of 550 is 5.5; 50 would be 19 standard deviations more. */
const MAX_TRACES = 100;

describe("A sampling ratio of 1%", () => {
  let receiver: Receiver;
  let failedIds: ReadonlySet<string>;

  before(async () => {
    receiver = await startReceiver();
    const stock = await startStockService();
    const program = new Program({
      file: fileURLToPath(new URL("service.mjs", import.meta.url)),
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        NODE_ENV: "test",
        STOCK_URL: stock.url,
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.01",
      },
    });
    try {
      const port = await program.waitForStdout((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
      failedIds = await sendRequests(`http://127.0.0.1:${port}`);
      program.kill("SIGTERM");
      await program.ended;
      await receiver.settled();
      await receiver.waitFor(({ events }) => events.length >= FAILING, "50 events");
    } finally {
      program.kill("SIGKILL");
      await Promise.all([program.ended, stock.close()]);
    }
  });
  after(() => receiver.close());

  it(`keeps one event of each of ${FAILING} failed requests among ${REQUESTS}`, () => {
    assert.equal(failedIds.size, FAILING);
    const ids = receiver.events.map(({ tags }) => tags?.["request_id"]);
    assert.equal(ids.length, FAILING);
    assert.deepEqual(new Set(ids), failedIds);
  });

  it("keeps the complete trace of each event", () => {
    for (const { contexts, tags } of receiver.events) {
      const trace = contexts?.["trace"];
      const spans = receiver.spans.filter(({ traceId }) => traceId === trace?.["trace_id"]);
      assert.deepEqual(shapeOf(spans), ["POST /orders/:id", "reserve", "GET"]);
      const root = rootOf(spans);
      assert.equal(root.spanId, trace?.["span_id"]);
      assert.equal(root.status.code, "ERROR");
      assert.equal(root.attributes["telltale.request.id"], tags?.["request_id"]);
    }
  });

  it("records on the root why its trace was kept, and with which probability", () => {
    const kept = { error: 0, sampled: 0 };
    for (const span of receiver.spans.filter(({ kind }) => kind === "SERVER")) {
      const {
        "telltale.sampling.reason": reason,
        "telltale.sampling.probability": probability,
        "telltale.request.id": id,
      } = span.attributes;
      // Not exactly the ratio, but the value of its threshold in the tracestate.
      assert.ok(Math.abs(Number(probability) - 0.01) < 1e-6, `${Number(probability)}`);
      if (reason === "error_captured") kept.error++;
      else if (reason === "sampled") kept.sampled++;
      else assert.fail(`kept for ${JSON.stringify(reason)}`);
      if (reason === "error_captured") assert.ok(failedIds.has(id as string));
    }
    // A failed request may be among the sampled ones.
    assert.ok(kept.error > FAILING / 2, `${kept.error} were kept for their error`);
    assert.ok(kept.error + kept.sampled >= FAILING);
  });

  it(`keeps fewer than ${MAX_TRACES} traces, all of them complete`, () => {
    const traces = new Set(receiver.spans.map(({ traceId }) => traceId));
    assert.ok(traces.size < MAX_TRACES, `${traces.size} traces`);
    assert.equal(receiver.spans.length, 3 * traces.size);
  });
});

/** @returns the ids of the failed requests */
async function sendRequests(url: string): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const numbers = Array.from({ length: REQUESTS }, (_, at) => at).values();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const number of numbers) {
        const fails = number % (REQUESTS / FAILING) === 0;
        const path = `/orders/${number}${fails ? "?fail" : ""}`;
        const response = await fetch(url + path, { method: "POST" });
        await response.arrayBuffer();
        if (response.status === 500) failed.add(response.headers.get("x-request-id") ?? "");
      }
    }),
  );
  return failed;
}

function rootOf(spans: readonly ReceivedSpan[]): ReceivedSpan {
  return spans.find(({ parentSpanId }) => parentSpanId === "") ?? assert.fail("no root");
}

/** Returns the span names from the root down, each the parent of the next. */
function shapeOf(spans: readonly ReceivedSpan[]): string[] {
  const names: string[] = [];
  let below: ReceivedSpan | undefined = rootOf(spans);
  while (below !== undefined) {
    names.push(below.name);
    const parent: string = below.spanId;
    below = spans.find(({ parentSpanId }) => parentSpanId === parent);
  }
  assert.equal(names.length, spans.length);
  return names;
}
