import assert from "node:assert/strict";
import type { Fault } from "../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { nonZeroCounts, createTestPipeline, otlpConfig } from "./test-pipeline.ts";

const UNAVAILABLE = 14;
const RESOURCE_EXHAUSTED = 8;
const PERMISSION_DENIED = 7;
/** The words of grpc-go. */
const TOO_LARGE = "grpc: received message larger than max (5000 vs. 4000)";
/** Upper bound of an export that does not wait, on a busy machine. */
const PROMPT_LIMIT_MS = 20_000;
/** `google.rpc.Status{details: [Any{type: RetryInfo{retry_delay}}]}` with 0.1 s and with 1 h. */
const soon = retryInfo([0x10, 0x80, 0xc2, 0xd7, 0x2f]);
const later = retryInfo([0x08, 0x90, 0x1c]);

const code = (status: number, details?: string, times?: number): Fault => ({
  kind: "status",
  status,
  times,
  body: "because",
  headers: details === undefined ? {} : { "grpc-status-details-bin": details },
});

const rows: {
  title: string;
  faults: Fault[];
  timeoutMs?: number;
  counts: Record<string, number>;
  requests: number;
  line?: RegExp;
  atLeastMs?: number;
}[] = [
  { title: "accepts everything", faults: [], counts: { sent: 5 }, requests: 1 },
  {
    title: "is unavailable twice",
    faults: [code(UNAVAILABLE, undefined, 2)],
    counts: { sent: 5 },
    requests: 3,
    atLeastMs: 118,
  },
  {
    title: "denies permission",
    faults: [code(PERMISSION_DENIED)],
    counts: { failed: 5 },
    requests: 1,
    line: /answered PERMISSION_DENIED: because/,
  },
  {
    title: "is exhausted and asks for no pause",
    faults: [code(RESOURCE_EXHAUSTED)],
    counts: { failed: 5 },
    requests: 1,
    line: /answered RESOURCE_EXHAUSTED/,
  },
  {
    title: "accepts smaller messages only",
    faults: [{ kind: "status", status: RESOURCE_EXHAUSTED, times: 1, body: TOO_LARGE }],
    counts: { sent: 5 },
    requests: 3,
    line: /5 spans are too many for one request to \S+: answered RESOURCE_EXHAUSTED: .*larger/,
  },
  {
    title: "is exhausted and asks for a short pause",
    faults: [code(RESOURCE_EXHAUSTED, soon, 1)],
    counts: { sent: 5 },
    requests: 2,
    atLeastMs: 99,
  },
  {
    title: "is exhausted and asks for a pause beyond the deadline",
    faults: [code(RESOURCE_EXHAUSTED, later)],
    counts: { failed: 5 },
    requests: 1,
    line: /answered RESOURCE_EXHAUSTED/,
  },
  {
    title: "hangs",
    faults: [{ kind: "hang" }],
    timeoutMs: 300,
    counts: { failed: 5 },
    requests: 1,
    line: /no answer within 300 ms/,
    atLeastMs: 299,
  },
  {
    title: "responds byte by byte",
    faults: [{ kind: "slow-body", everyMs: 20 }],
    timeoutMs: 300,
    counts: { failed: 5 },
    requests: 1,
    line: /no answer within 300 ms/,
    atLeastMs: 299,
  },
  {
    title: "rejects two spans",
    faults: [{ kind: "partial", rejected: 2 }],
    counts: { sent: 3, rejected: 2 },
    requests: 1,
    line: /2 were rejected: "rejected"/,
  },
  {
    title: "responds with 10 MB",
    faults: [{ kind: "huge-body", bytes: 10_000_000 }],
    counts: { failed: 5 },
    requests: 1,
    line: /answered with more than 65536 bytes/,
  },
  {
    title: "closes the connection once",
    faults: [{ kind: "close", times: 1 }],
    counts: { sent: 5 },
    requests: 2,
  },
];

describe("Export over gRPC to a collector", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver({ grpcPort: 0 });
  });
  after(() => receiver.close());

  for (const row of rows) {
    it(`that ${row.title} is counted exactly, within the deadline, and logged at most once`, async () => {
      receiver.clear();
      receiver.setFaults(...row.faults);
      const config = otlpConfig(receiver.grpcUrl ?? "", {
        protocol: "grpc",
        timeoutMs: row.timeoutMs ?? 30_000,
      });
      const { batch, counters, lines, addSpans } = createTestPipeline(config);
      const start = performance.now();
      addSpans(5);
      await batch.flush(40_000);
      const took = performance.now() - start;
      assert.deepEqual(nonZeroCounts(counters), row.counts);
      assert.equal(receiver.requests.length, row.requests);
      assert.equal(receiver.spans.length, row.counts["sent"] ?? 0);
      assert.equal(lines.length, row.line === undefined ? 0 : 1, lines.join(""));
      assert.match(lines[0] ?? "", row.line ?? /^$/);
      assert.ok(took >= (row.atLeastMs ?? 0), `took ${took} ms`);
      assert.ok(took <= (row.timeoutMs ?? 0) + PROMPT_LIMIT_MS, `took ${took} ms`);
    });
  }

  it("sends gzipped messages and the configured headers over one connection", async () => {
    receiver.clear();
    receiver.setFaults();
    const { batch, addSpans } = createTestPipeline(
      otlpConfig(receiver.grpcUrl ?? "", {
        protocol: "grpc",
        compression: "gzip",
        headers: { "x-api-key": "k" },
      }),
    );
    for (let round = 0; round < 3; round++) {
      addSpans(2);
      await batch.flush(PROMPT_LIMIT_MS);
    }
    assert.equal(receiver.spans.length, 6);
    assert.equal(receiver.requests[0]?.headers["grpc-encoding"], "gzip");
    assert.equal(receiver.requests[0]?.headers["x-api-key"], "k");
    assert.equal(new Set(receiver.requests.map(({ connection }) => connection)).size, 1);
  });

  it("that refuses connections is logged once", async () => {
    const closed = await startReceiver();
    await closed.close();
    const { batch, counters, lines, addSpans } = createTestPipeline(
      otlpConfig(closed.url, { protocol: "grpc" }),
    );
    addSpans(5);
    await batch.flush(PROMPT_LIMIT_MS);
    assert.deepEqual(nonZeroCounts(counters), { failed: 5 });
    assert.match(lines.join(""), /^telltale: cannot send spans to .*: connection refused[^\n]*\n$/);
  });

  it("that is an HTTP/1 server is logged once", async () => {
    receiver.setFaults();
    const { batch, counters, lines, addSpans } = createTestPipeline(
      otlpConfig(receiver.url, { protocol: "grpc", timeoutMs: 2000 }),
    );
    addSpans(5);
    await batch.flush(PROMPT_LIMIT_MS);
    assert.deepEqual(nonZeroCounts(counters), { failed: 5 });
    assert.equal(lines.length, 1, lines.join(""));
  });
});

function retryInfo(duration: number[]): string {
  const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
  const info = [0x0a, duration.length, ...duration];
  const any = [0x0a, type.length, ...type, 0x12, info.length, ...info];
  return Buffer.from([0x08, RESOURCE_EXHAUSTED, 0x1a, any.length, ...any]).toString("base64");
}
