import assert from "node:assert/strict";
import type { OtlpConfig } from "../../src/config/config.ts";
import { MAX_PAUSE_MS, type RetryPolicy } from "../../src/export/connection/retry.ts";
import { type RawResponse, type Peer, startGrpcPeer, startRawPeer } from "./peer.ts";
import { noTls } from "./test-pipeline.ts";
import { runExportProcess } from "./export-process.ts";
import { type SignalPipeline, signalPipelines } from "./signal-pipelines.ts";
import { WAIT_TIMEOUT_MS } from "../until.ts";

/** A response, in bytes or headers, and its result for every signal. */
interface Row {
  readonly title: string;
  readonly result: "sent" | "failed";
  /** Number of sent items that count as rejected. */
  readonly rejected?: number | "all";
  /** Default: 1. */
  readonly requests?: number;
  /** The only log line; undefined if there is none. */
  readonly line?: RegExp;
  /** Whether the pause is the longest. */
  readonly isPaused?: boolean;
  /** Default: long enough for all attempts on a busy machine. */
  readonly timeoutMs?: number;
}

interface RawRow extends Row {
  readonly answer: string | RawResponse;
}

const TIMEOUT_MS = 2000;
/** For a response that never ends. */
const ENDLESS_TIMEOUT_MS = 200;
/** A back-off that is long enough to be measured. */
const retry: RetryPolicy = { attempts: 4, firstMs: 60, factor: 1, maxMs: 60, jitter: 0.1 };
/** Less the jitter, and one, as a timer may be early. */
const MIN_BACKOFF_MS = 53;

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const head = (status: string, ...headers: string[]): string =>
  [`HTTP/1.1 ${status}`, ...headers, "content-length: 0", "", ""].join("\r\n");
/** JSON, with which some back ends also respond to protobuf. */
const partial = (rejected: string, message = '"no"'): string => {
  const fields = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"];
  return withBody(
    `{"partialSuccess":{${fields.map((name) => `"${name}":${rejected}`).join()},"errorMessage":${message}}}`,
  );
};
const withBody = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const informationalFlood =
  (status: string): RawResponse =>
  (socket) => {
    const timer = setInterval(() => socket.write(`HTTP/1.1 ${status}\r\n\r\n`.repeat(20)), 5);
    socket.on("close", () => clearInterval(timer));
  };
const noCount = /but the number of rejected items is invalid and counts as 0: "no"\n$/;

const unusual: readonly RawRow[] = [
  { title: "200", answer: ok, result: "sent" },
  { title: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", result: "sent" },
  { title: "205", answer: head("205 Reset Content"), result: "sent" },
  { title: "299", answer: head("299 Whatever"), result: "sent" },
  {
    title: "101 Switching Protocols",
    answer: "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    result: "failed",
    line: /answered 101 Switching Protocols/,
  },
  {
    title: "101 without a protocol",
    answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    result: "failed",
    line: /answered 101 Switching Protocols|closed before an answer|no answer within/,
    requests: 4,
  },
  {
    title: "100, 102 and 103 a few times, then 200",
    answer: `${"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n".repeat(20)}${ok}`,
    result: "sent",
  },
  {
    title: "100 without end",
    answer: informationalFlood("100 Continue"),
    result: "failed",
    line: /no answer within 200 ms/,
    timeoutMs: ENDLESS_TIMEOUT_MS,
  },
  {
    title: "103 without end",
    answer: informationalFlood("103 Early Hints"),
    result: "failed",
    line: /no answer within 200 ms/,
    timeoutMs: ENDLESS_TIMEOUT_MS,
  },
  { title: "304", answer: head("304 Not Modified"), result: "failed", line: /answered 304/ },
  {
    title: "308",
    answer: head("308 Permanent Redirect", "location: /"),
    result: "failed",
    line: /answered 308/,
  },
  {
    title: "a status of an unknown class",
    answer: head("799 Whatever"),
    result: "failed",
    line: /answered 799/,
  },
  {
    title: "a status that is not a number",
    answer: head("2xx OK"),
    result: "failed",
    line: /speaks another protocol/,
  },
  {
    title: "HTTP/0.9",
    answer: (socket) => socket.end("<html>it works</html>"),
    result: "failed",
    line: /speaks another protocol/,
  },
  {
    title: "a success that is shorter than its content-length",
    answer: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"),
    result: "sent",
    line: /its answer could not be read in full/,
  },
  {
    title: "a success that is longer than its content-length",
    answer: `${ok}and more`,
    result: "sent",
    line: /its answer could not be read in full/,
  },
  {
    title: "two content-lengths",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\n",
    result: "failed",
    line: /speaks another protocol/,
  },
  {
    title: "broken chunks",
    answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    result: "sent",
    line: /its answer could not be read in full/,
  },
  {
    title: "a success that is followed by a failure",
    answer: `${ok}${head("503 No")}`,
    result: "sent",
  },
  {
    title: "a body that does not match its encoding",
    answer: "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
    result: "sent",
  },
  { title: "null", answer: withBody("null"), result: "sent" },
  { title: "a list", answer: withBody("[]"), result: "sent" },
  {
    title: "a partial success that is text",
    answer: withBody('{"partialSuccess":"all"}'),
    result: "sent",
  },
  {
    title: "a number as text",
    answer: partial('"1"'),
    result: "sent",
    rejected: 1,
    line: /but 1 was rejected: "no"/,
  },
  {
    title: "a number",
    answer: partial("2"),
    result: "sent",
    rejected: 2,
    line: /but 2 were rejected: "no"/,
  },
  {
    title: "more rejected items than it received",
    answer: partial("4000000000"),
    result: "sent",
    rejected: "all",
    line: /were rejected/,
  },
  {
    title: "more rejected items than a number can hold, as text",
    answer: partial(`"${"9".repeat(400)}"`),
    result: "sent",
    rejected: "all",
    line: /were rejected/,
  },
  { title: "a word instead of a number", answer: partial('"abc"'), result: "sent", line: noCount },
  { title: "an object instead of a number", answer: partial("{}"), result: "sent", line: noCount },
  { title: "a list instead of a number", answer: partial("[1]"), result: "sent", line: noCount },
  { title: "true instead of a number", answer: partial("true"), result: "sent", line: noCount },
  { title: "a negative number", answer: partial("-5"), result: "sent", line: noCount },
  { title: "a negative number, as text", answer: partial('"-5"'), result: "sent", line: noCount },
  { title: "a fraction", answer: partial("1.5"), result: "sent", line: noCount },
  { title: "infinity", answer: partial("1e999"), result: "sent", line: noCount },
  { title: "a message that is not a text", answer: partial("0", "{}"), result: "sent" },
  {
    title: "a message with control characters",
    answer: partial(
      "1",
      JSON.stringify(`\u001b]0;x\u0007\u009b31m\u202e\u200b${"y".repeat(60_000)}`),
    ),
    result: "sent",
    rejected: 1,
    line: /rejected: "\\u001b\]0;x\\u0007\\u009b31m\\u202e\\u200by{150,200}…"\n$/,
  },
  {
    title: "a reason with control characters",
    answer: (socket) =>
      socket.write(
        `HTTP/1.1 400 \u001b]0;x\u0007\u009b31m${"y".repeat(12_000)}\r\ncontent-length: 0\r\n\r\n`,
        "latin1",
      ),
    result: "failed",
    line: /answered 400 \\u001b\]0;x\\u0007\\u009b31my{150,200}… \(dropped/,
  },
];

const later = (value: string, row: Partial<RawRow> = {}): RawRow => ({
  title: `429 with Retry-After: ${value.length > 40 ? "400 digits" : value}`,
  answer: head("429 Too Many Requests", `retry-after: ${value}`),
  result: "failed",
  line: /answered 429 Too Many Requests and asked for a pause of \d+ s; nothing is sent there until \d{4}-[-\d:T]+Z \(no pause is longer than 300 s\)/,
  isPaused: true,
  ...row,
});
const plain = { requests: 4, line: /answered 429 Too Many Requests \(dropped/, isPaused: false };

const pauses: readonly RawRow[] = [
  later("1000000000"),
  later("9".repeat(400)),
  later("Fri, 31 Dec 9999 23:59:59 GMT"),
  later("0", plain),
  later("-1", plain),
  later("Thu, 01 Jan 1970 00:00:00 GMT", plain),
  later("soon", plain),
  {
    ...later("1000000000"),
    title: "503 with a pause of years",
    answer: head("503 No", "retry-after: 99999999"),
    line: /answered 503 No and asked for a pause of 99999999 s/,
  },
  {
    title: "400 with a pause",
    answer: head("400 Bad", "retry-after: 1000"),
    result: "failed",
    line: /answered 400 Bad \(dropped/,
  },
];

for (const protocol of ["http/protobuf", "http/json"] as const) {
  for (const [signal, create] of Object.entries(signalPipelines)) {
    describe(`${signal} over ${protocol} answered with`, () => {
      for (const row of [...unusual, ...pauses]) {
        it(`${row.title}: ${row.result}, counted exactly once`, async () => {
          const peer = await startRawPeer(respondWith(row));
          const pipeline = create(configFor(`${peer.url}/v1/any`, protocol, row.timeoutMs), retry);
          const began = performance.now();
          await pipeline.send();
          const tookMs = performance.now() - began;
          await peer.close();
          check(row, pipeline, peer.requests, tookMs);
        });
      }
    });
  }
}

/** `google.rpc.Status` with a `RetryInfo`, whose duration has these bytes for its seconds. */
const retryInfo = (...seconds: number[]): Record<string, string> => {
  const field = (number: number, bytes: readonly number[]): number[] => [
    (number << 3) | 2,
    bytes.length,
    ...bytes,
  ];
  const info = field(1, [0x08, ...seconds]);
  const type = [...Buffer.from("type.googleapis.com/google.rpc.RetryInfo")];
  const details = Buffer.from(field(3, [...field(1, type), ...field(2, info)]));
  return { "grpc-status-details-bin": details.toString("base64") };
};
const longest =
  /answered UNAVAILABLE and asked for a pause of \d+ s; .*\(no pause is longer than 300 s\)/;

interface GrpcRow extends Row {
  readonly headers: Readonly<Record<string, string | string[]>>;
}

const unknown = { result: "failed", line: /answered UNKNOWN/ } as const;
const calls: readonly GrpcRow[] = [
  { title: "an empty status", headers: { "grpc-status": "" }, ...unknown },
  { title: "a word as status", headers: { "grpc-status": "abc" }, ...unknown },
  { title: "a negative status", headers: { "grpc-status": "-1" }, ...unknown },
  { title: "a status in hexadecimal", headers: { "grpc-status": "0x0" }, ...unknown },
  { title: "a status with an exponent", headers: { "grpc-status": "0e1" }, ...unknown },
  { title: "two statuses", headers: { "grpc-status": "0, 0" }, ...unknown },
  {
    title: "a status without a name",
    headers: { "grpc-status": "99" },
    result: "failed",
    line: /answered gRPC status 99/,
  },
  {
    title: "a message with control characters",
    headers: {
      "grpc-status": "3",
      "grpc-message": `%1B]0;x%07%C2%9B31m%E2%80%AE${"y".repeat(5000)}`,
    },
    result: "failed",
    line: /INVALID_ARGUMENT: \\u001b\]0;x\\u0007\\u009b31m\\u202ey{150,200}… \(dropped/,
  },
  {
    title: "a pause of years",
    headers: { "grpc-status": "14", ...retryInfo(0xff, 0xff, 0xff, 0xff, 0x0f) },
    result: "failed",
    line: longest,
    isPaused: true,
  },
  {
    title: "the longest possible pause",
    headers: {
      "grpc-status": "14",
      ...retryInfo(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
    },
    result: "failed",
    line: longest,
    isPaused: true,
  },
  {
    title: "a negative pause",
    headers: {
      "grpc-status": "14",
      ...retryInfo(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    },
    result: "failed",
    requests: 4,
    line: /answered UNAVAILABLE \(dropped/,
  },
  {
    title: "a pause of 0",
    headers: { "grpc-status": "14", ...retryInfo(0) },
    result: "failed",
    requests: 4,
    line: /answered UNAVAILABLE \(dropped/,
  },
  {
    title: "invalid details",
    headers: { "grpc-status": "14", "grpc-status-details-bin": "AAAA////" },
    result: "failed",
    requests: 4,
    line: /answered UNAVAILABLE \(dropped/,
  },
  {
    title: "HTTP 302",
    headers: { ":status": "302" },
    result: "failed",
    line: /answered HTTP 302 to a gRPC call/,
  },
  {
    title: "HTTP 503",
    headers: { ":status": "503" },
    result: "failed",
    requests: 4,
    line: /answered HTTP 503 to a gRPC call/,
  },
];

for (const [signal, create] of Object.entries(signalPipelines)) {
  describe(`${signal} over gRPC answered with`, () => {
    for (const row of calls) {
      it(`${row.title}: ${row.result}, counted exactly once`, async () => {
        const peer = await startGrpcPeer(row.headers);
        const pipeline = create(configFor(peer.url, "grpc", row.timeoutMs), retry);
        const began = performance.now();
        await pipeline.send();
        const tookMs = performance.now() - began;
        await peer.close();
        check(row, pipeline, peer.requests, tookMs);
      });
    }
  });
}

describe("Items queued at process exit, answered with", () => {
  const checkAtExit = async (
    row: Row,
    peer: Peer,
    protocol: OtlpConfig["protocol"],
  ): Promise<void> => {
    const plan = { url: peer.url, count: 3, end: "exit", otlp: { protocol } } as const;
    const { report, stderr, code, tookMs } = await runExportProcess(plan).ended;
    await peer.close();
    assert.equal(code, 3);
    const rejected = row.rejected === "all" ? 3 : (row.rejected ?? 0);
    const sent = { ...(rejected < 3 && { sent: 3 - rejected }), ...(rejected > 0 && { rejected }) };
    assert.deepEqual(report.counts, row.result === "sent" ? sent : { shutdown: 3 });
    assert.equal(
      stderr.split("\n").length,
      row.result === "sent" && row.line === undefined ? 1 : 2,
    );
    assert.doesNotMatch(stderr.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    assert.ok(stderr.length < 700, stderr);
    assert.ok(tookMs < WAIT_TIMEOUT_MS * 0.9, `${tookMs} ms`);
  };
  const titles = new Set([
    "204",
    "101 Switching Protocols",
    "HTTP/0.9",
    "304",
    "a fraction",
    "a negative number",
    "more rejected items than it received",
    "a reason with control characters",
  ]);
  for (const row of unusual.filter(({ title }) => titles.has(title))) {
    it(`${row.title}: ${row.result}, counted exactly once`, async () => {
      await checkAtExit(row, await startRawPeer(respondWith(row)), "http/protobuf");
    });
  }
  for (const row of calls.filter(({ title }) => /stat/.test(title))) {
    it(`${row.title}, over gRPC: ${row.result}, counted exactly once`, async () => {
      await checkAtExit(row, await startGrpcPeer(row.headers), "grpc");
    });
  }
});

function configFor(
  url: string,
  protocol: OtlpConfig["protocol"],
  timeoutMs: number = TIMEOUT_MS,
): OtlpConfig {
  return {
    protocol,
    url,
    headers: {},
    timeoutMs,
    compression: "none",
    insecure: false,
    tls: noTls,
  };
}

function respondWith({ answer }: RawRow): RawResponse {
  if (typeof answer === "function") return answer;
  return (socket) => socket.write(answer);
}

function check(row: Row, pipeline: SignalPipeline, requests: number, tookMs: number): void {
  const { counters, lines, queued } = pipeline;
  const { created, sent, dropped } = counters;
  const rejected = row.rejected === "all" ? created : (row.rejected ?? 0);
  const losses = Object.fromEntries(Object.entries(dropped).filter(([, count]) => count !== 0));
  assert.ok(created > 0);
  if (row.result === "sent") {
    assert.equal(sent, created - rejected);
    assert.deepEqual(losses, rejected === 0 ? {} : { rejected });
  } else {
    assert.deepEqual([sent, losses], [0, { failed: created }]);
  }
  assert.equal(queued, 0);
  assert.equal(created, sent + counters.droppedTotal + queued);
  assert.ok(requests <= (row.requests ?? 1), `${requests} requests`);
  assert.ok(tookMs >= (requests - 1) * MIN_BACKOFF_MS, `${requests} requests in ${tookMs} ms`);
  assert.equal(lines.length, row.line === undefined ? 0 : 1, lines.join(""));
  assert.match(lines[0] ?? "", row.line ?? /^$/);
  assert.doesNotMatch(lines.join("").replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  const pausedMs = Math.max(0, counters.pausedUntil - Date.now());
  if (row.isPaused === true) assert.ok(pausedMs > MAX_PAUSE_MS * 0.5, `${pausedMs} ms`);
  assert.ok(pausedMs <= MAX_PAUSE_MS, `${pausedMs} ms`);
}
