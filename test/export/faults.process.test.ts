import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { OtlpConfig } from "../../src/config/config.ts";
import type { Fault } from "../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { freePort } from "../free-port.ts";
import { nonZeroCounts, createTestPipeline, otlpConfig } from "./test-pipeline.ts";

const SPAN_COUNT = 10;
/** Upper bound of an export that does not wait, on a busy machine. */
const PROMPT_LIMIT_MS = 20_000;

interface Row {
  readonly title: string;
  readonly faults: readonly Fault[];
  readonly timeoutMs?: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Number of requests that the peer received. */
  readonly requests: number;
  /** Number of spans that the peer stored. */
  readonly stored: number;
  /** The only log line; undefined if there is none. */
  readonly line?: RegExp;
  readonly atLeastMs?: number;
  readonly atMostMs?: number;
}

const all = { sent: SPAN_COUNT };
const none = { failed: SPAN_COUNT };
const status = (code: number, headers: Record<string, string> = {}, times?: number): Fault => ({
  kind: "status",
  status: code,
  headers,
  times,
});
const retryAfter = (value: string): Record<string, string> => ({ "retry-after": value });

const rows: readonly Row[] = [
  { title: "accepts everything", faults: [], counts: all, requests: 1, stored: SPAN_COUNT },
  ...[400, 401, 404, 500, 501].map((code) => ({
    title: `answers ${code}`,
    faults: [status(code)],
    counts: none,
    requests: 1,
    stored: 0,
    line: new RegExp(`cannot send spans to http://127.0.0.1:\\d+/v1/traces: answered ${code}`),
  })),
  ...[429, 502, 503, 504].map((code) => ({
    title: `answers ${code} twice`,
    faults: [status(code, {}, 2)],
    counts: all,
    requests: 3,
    stored: SPAN_COUNT,
    // Two back-offs of 60 and 90 ms, less the jitter, and one for each timer, which may be early.
    atLeastMs: 118,
  })),
  {
    title: "always answers 503",
    faults: [status(503)],
    counts: none,
    requests: 4,
    stored: 0,
    line: /answered 503 Service Unavailable/,
  },
  {
    title: "answers 429 with Retry-After in seconds",
    faults: [status(429, retryAfter("1"), 1)],
    counts: all,
    requests: 2,
    stored: SPAN_COUNT,
    atLeastMs: 999,
    atMostMs: 1000 + PROMPT_LIMIT_MS,
  },
  {
    title: "answers 429 with an invalid Retry-After",
    faults: [status(429, retryAfter("soon"), 1)],
    counts: all,
    requests: 2,
    stored: SPAN_COUNT,
    atLeastMs: 47,
  },
  {
    title: "answers 429 with a negative Retry-After",
    faults: [status(429, retryAfter("-1"), 1)],
    counts: all,
    requests: 2,
    stored: SPAN_COUNT,
    atLeastMs: 47,
  },
  {
    // 10, 5, 3, 2, and three single ones.
    title: "answers 413",
    faults: [status(413)],
    counts: none,
    requests: 7,
    stored: 0,
    line: /cannot send spans to http:\/\/127\.0\.0\.1:\d+\/v1\/traces: answered 413/,
  },
  {
    title: "answers 413 twice",
    // 10 and 5; then 3, 2 and 5.
    faults: [status(413, {}, 2)],
    counts: all,
    requests: 5,
    stored: SPAN_COUNT,
    line: /10 spans are too many for one request to \S+: answered 413 .* \(sent in smaller/,
  },
  {
    title: "answers 429 with a Retry-After beyond the deadline",
    faults: [status(429, retryAfter("3600"))],
    counts: none,
    requests: 1,
    stored: 0,
    line: /answered 429 Too Many Requests/,
  },
  {
    title: "hangs",
    faults: [{ kind: "hang" }],
    timeoutMs: 300,
    counts: none,
    requests: 1,
    stored: 0,
    line: /no answer within 300 ms/,
    atLeastMs: 299,
  },
  {
    title: "rejects byte by byte",
    faults: [{ kind: "slow-body", everyMs: 20, status: 503 }],
    timeoutMs: 1000,
    counts: none,
    requests: 1,
    stored: 0,
    line: /answered 503/,
    atLeastMs: 999,
  },
  {
    title: "accepts byte by byte",
    faults: [{ kind: "slow-body", everyMs: 20 }],
    timeoutMs: 1000,
    counts: all,
    requests: 1,
    stored: SPAN_COUNT,
    line: /spans sent to .*, but its answer could not be read in full/,
    atLeastMs: 999,
  },
  {
    title: "rejects three spans",
    faults: [{ kind: "partial", rejected: 3, message: "too old" }],
    counts: { sent: SPAN_COUNT - 3, rejected: 3 },
    requests: 1,
    stored: SPAN_COUNT - 3,
    line: /3 were rejected: "too old"/,
  },
  {
    title: "accepts with a body of 100 MB",
    faults: [{ kind: "huge-body", bytes: 100_000_000 }],
    counts: all,
    requests: 1,
    stored: SPAN_COUNT,
    line: /its answer could not be read in full/,
  },
  {
    title: "rejects with a body of 100 MB",
    faults: [{ kind: "huge-body", bytes: 100_000_000, status: 503 }],
    counts: none,
    requests: 1,
    stored: 0,
    line: /answered 503 Service Unavailable with more than 65536 bytes/,
  },
  {
    title: "closes the connection once",
    faults: [{ kind: "close", times: 1 }],
    counts: all,
    requests: 2,
    stored: SPAN_COUNT,
  },
  {
    title: "closes every connection",
    faults: [{ kind: "close" }],
    counts: none,
    requests: 4,
    stored: 0,
    line: /the connection was closed before an answer/,
  },
  {
    title: "redirects",
    faults: [status(307, { location: "http://127.0.0.1:1/" })],
    counts: none,
    requests: 1,
    stored: 0,
    line: /answered 307/,
  },
];

for (const [protocol, compression] of [
  ["http/protobuf", "none"],
  ["http/json", "gzip"],
] as const) {
  describe(`Export over ${protocol} (${compression}) to a collector`, () => {
    let receiver: Receiver;

    before(async () => {
      receiver = await startReceiver();
    });
    after(() => receiver.close());

    for (const row of rows) {
      it(`that ${row.title} is counted exactly, within the deadline, and logged at most once`, async () => {
        receiver.clear();
        receiver.setFaults(...row.faults);
        const timeoutMs = row.timeoutMs ?? 30_000;
        const config = otlpConfig(receiver.url, { protocol, compression, timeoutMs });
        const { batch, counters, lines, addSpans } = createTestPipeline(config);
        const start = performance.now();
        addSpans(SPAN_COUNT);
        await batch.flush(40_000);
        const took = performance.now() - start;
        assert.deepEqual(nonZeroCounts(counters), row.counts);
        assert.equal(receiver.requests.length, row.requests);
        assert.equal(receiver.spans.length, row.stored);
        assertLogLine(lines, row.line);
        assert.ok(took >= (row.atLeastMs ?? 0), `took ${took} ms`);
        assert.ok(
          took <= (row.atMostMs ?? (row.timeoutMs ?? 0) + PROMPT_LIMIT_MS),
          `took ${took} ms`,
        );
      });
    }

    it("sends the configured headers, the content type and the user agent", async () => {
      receiver.clear();
      receiver.setFaults();
      const headers = { "x-api-key": "k", "content-type": "text/plain" };
      const { batch, addSpans } = createTestPipeline(
        otlpConfig(receiver.url, { protocol, compression, headers }),
      );
      addSpans(1);
      await batch.flush(PROMPT_LIMIT_MS);
      const [request] = receiver.requests;
      assert.equal(request?.headers["x-api-key"], "k");
      assert.match(String(request?.headers["user-agent"]), /^telltale\/\d/);
      assert.equal(
        request?.headers["content-type"],
        protocol === "http/json" ? "application/json" : "application/x-protobuf",
      );
      assert.equal(
        request?.headers["content-encoding"],
        compression === "gzip" ? "gzip" : undefined,
      );
    });
  });
}

describe("Export to an unreachable collector", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(close));
  });

  const unspeakable: { title: string; serve?: (socket: Socket) => void; line: RegExp }[] = [
    { title: "refuses connections", line: /connection refused; is a Collector running there\?/ },
    {
      title: "speaks no HTTP",
      serve: (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
      line: /what answers there speaks another protocol/,
    },
    {
      title: "sends headers without end",
      serve: (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`);
      },
      line: /what answers there speaks another protocol|HPE_HEADER_OVERFLOW/,
    },
  ];
  for (const { title, serve, line } of unspeakable) {
    it(`that ${title} is logged once`, async () => {
      const { batch, counters, lines, addSpans } = createTestPipeline(
        otlpConfig(await listen(servers, serve)),
      );
      addSpans(SPAN_COUNT);
      await batch.flush(PROMPT_LIMIT_MS);
      assert.deepEqual(nonZeroCounts(counters), none);
      assertLogLine(lines, line);
    });
  }

  it("is logged without the secrets of its address", async () => {
    const url = `${await listen(servers)}/in/s3cret`.replace("http://", "http://user:pass@");
    const { batch, lines, addSpans } = createTestPipeline(otlpConfig(url));
    addSpans(1);
    await batch.flush(PROMPT_LIMIT_MS);
    assert.match(lines.join(""), /to http:\/\/127\.0\.0\.1:\d+: /);
    assert.doesNotMatch(lines.join(""), /pass|s3cret/);
  });

  it("is logged once, and once when it is reachable again", async () => {
    const receiver = await startReceiver();
    receiver.setFaults({ kind: "close" });
    const first = createTestPipeline(otlpConfig(receiver.url));
    for (let round = 0; round < 3; round++) {
      first.addSpans(1);
      await first.batch.flush(PROMPT_LIMIT_MS);
    }
    receiver.setFaults();
    first.addSpans(1);
    await first.batch.flush(PROMPT_LIMIT_MS);
    await receiver.close();
    assert.deepEqual(nonZeroCounts(first.counters), { failed: 3, sent: 1 });
    assert.equal(first.lines.length, 2);
    assert.match(first.lines[1] ?? "", /sending spans to http:\/\/127\.0\.0\.1:\d+ works again/);
  });

  it("because of an invalid header is logged once", async () => {
    const headers: OtlpConfig["headers"] = { "x-bad": "line\nbreak" };
    const { batch, counters, lines, addSpans } = createTestPipeline(
      otlpConfig(await listen(servers), { headers }),
    );
    addSpans(SPAN_COUNT);
    await batch.flush(PROMPT_LIMIT_MS);
    assert.deepEqual(nonZeroCounts(counters), none);
    assertLogLine(lines, /Invalid character in header content/);
  });
});

function assertLogLine(lines: readonly string[], expected: RegExp | undefined): void {
  assert.equal(lines.length, expected === undefined ? 0 : 1, lines.join(""));
  if (expected !== undefined) assert.match(lines[0] ?? "", expected);
}

/** Returns the address of a server; without `serve`, one where nothing listens. */
async function listen(servers: Server[], serve?: (socket: Socket) => void): Promise<string> {
  if (serve === undefined) return `http://127.0.0.1:${await freePort()}`;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    serve(socket);
  }).listen(0, "127.0.0.1");
  server.on("close", () => {});
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  open.set(server, sockets);
  servers.push(server);
  return url;
}

const open = new WeakMap<Server, Set<Socket>>();

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const socket of open.get(server) ?? []) socket.destroy();
  await closed;
}
