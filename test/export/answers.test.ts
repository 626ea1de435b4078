import assert from "node:assert/strict";
import type { OtlpConfig } from "../../src/config/config.ts";
import { LONGEST_PAUSE_MS, type RetryPolicy } from "../../src/export/retry.ts";
import { type Answer, type Peer, startGrpcPeer, startRawPeer } from "./peer.ts";
import { noTls } from "./pipeline.ts";
import { run } from "./process.ts";
import { type SignalPipe, signals } from "./signals.ts";
import { PATIENCE_MS } from "../until.ts";

/** What a peer may answer, in bytes or headers, and what comes of it for every signal. */
interface Row {
  readonly title: string;
  readonly outcome: "sent" | "failed";
  /** How many of those that were sent the peer is taken to have refused; "all" of them. */
  readonly rejected?: number | "all";
  /** Default: 1. */
  readonly requests?: number;
  /** The one line; undefined: none. */
  readonly line?: RegExp;
  /** The pause is the longest. */
  readonly isPaused?: boolean;
}

interface RawRow extends Row {
  readonly answer: string | Answer;
}

const TIMEOUT_MS = 2000;
/** A back-off that is told from none: three waits of 50 ms at least. */
const retry: RetryPolicy = { attempts: 4, firstMs: 60, factor: 1, maxMs: 60, jitter: 0.1 };
const LEAST_BACKOFF_MS = 54;

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const head = (status: string, ...headers: string[]): string =>
  [`HTTP/1.1 ${status}`, ...headers, "content-length: 0", "", ""].join("\r\n");
/** JSON, which some back ends answer to protobuf too. */
const partial = (rejected: string, message = '"no"'): string => {
  const fields = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"];
  return withBody(
    `{"partialSuccess":{${fields.map((name) => `"${name}":${rejected}`).join()},"errorMessage":${message}}}`,
  );
};
const withBody = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const flood =
  (status: string): Answer =>
  (socket) => {
    const timer = setInterval(() => socket.write(`HTTP/1.1 ${status}\r\n\r\n`.repeat(20)), 5);
    socket.on("close", () => clearInterval(timer));
  };
const noCount = /but the number of rejected ones is no number, and taken for 0: "no"\n$/;

const unusual: readonly RawRow[] = [
  { title: "200", answer: ok, outcome: "sent" },
  { title: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", outcome: "sent" },
  { title: "205", answer: head("205 Reset Content"), outcome: "sent" },
  { title: "299", answer: head("299 Whatever"), outcome: "sent" },
  {
    title: "101 Switching Protocols",
    answer: "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    outcome: "failed",
    line: /answered 101 Switching Protocols/,
  },
  {
    title: "101 to what and by whom it doesn't say",
    answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    outcome: "failed",
    line: /answered 101 Switching Protocols|closed before an answer|no answer within/,
    requests: 4,
  },
  {
    title: "100, 102 and 103 a few times, then 200",
    answer: `${"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n".repeat(20)}${ok}`,
    outcome: "sent",
  },
  {
    title: "100 without end",
    answer: flood("100 Continue"),
    outcome: "failed",
    line: /no answer within 2000 ms/,
  },
  {
    title: "103 without end",
    answer: flood("103 Early Hints"),
    outcome: "failed",
    line: /no answer within 2000 ms/,
  },
  { title: "304", answer: head("304 Not Modified"), outcome: "failed", line: /answered 304/ },
  {
    title: "308",
    answer: head("308 Permanent Redirect", "location: /"),
    outcome: "failed",
    line: /answered 308/,
  },
  {
    title: "a status of no class",
    answer: head("799 Whatever"),
    outcome: "failed",
    line: /answered 799/,
  },
  {
    title: "a status that is no number",
    answer: head("2xx OK"),
    outcome: "failed",
    line: /speaks another protocol/,
  },
  {
    title: "HTTP/0.9",
    answer: (socket) => socket.end("<html>it works</html>"),
    outcome: "failed",
    line: /speaks another protocol/,
  },
  {
    title: "a success that is shorter than it says",
    answer: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"),
    outcome: "sent",
    line: /its answer could not be read in full/,
  },
  {
    title: "a success that is longer than it says",
    answer: `${ok}and more`,
    outcome: "sent",
    line: /its answer could not be read in full/,
  },
  {
    title: "two lengths",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\n",
    outcome: "failed",
    line: /speaks another protocol/,
  },
  {
    title: "broken chunks",
    answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    outcome: "sent",
    line: /its answer could not be read in full/,
  },
  {
    title: "a success that is followed by a failure",
    answer: `${ok}${head("503 No")}`,
    outcome: "sent",
  },
  {
    title: "a body that is not what it says",
    answer: "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
    outcome: "sent",
  },
  { title: "null", answer: withBody("null"), outcome: "sent" },
  { title: "a list", answer: withBody("[]"), outcome: "sent" },
  {
    title: "a partial success that is text",
    answer: withBody('{"partialSuccess":"all"}'),
    outcome: "sent",
  },
  {
    title: "a number as text",
    answer: partial('"1"'),
    outcome: "sent",
    rejected: 1,
    line: /but 1 was rejected: "no"/,
  },
  {
    title: "a number",
    answer: partial("2"),
    outcome: "sent",
    rejected: 2,
    line: /but 2 were rejected: "no"/,
  },
  {
    title: "more than it got",
    answer: partial("4000000000"),
    outcome: "sent",
    rejected: "all",
    line: /were rejected/,
  },
  {
    title: "more than any number, as text",
    answer: partial(`"${"9".repeat(400)}"`),
    outcome: "sent",
    rejected: "all",
    line: /were rejected/,
  },
  { title: "a word for a number", answer: partial('"abc"'), outcome: "sent", line: noCount },
  { title: "an object for a number", answer: partial("{}"), outcome: "sent", line: noCount },
  { title: "a list for a number", answer: partial("[1]"), outcome: "sent", line: noCount },
  { title: "true for a number", answer: partial("true"), outcome: "sent", line: noCount },
  { title: "less than nothing", answer: partial("-5"), outcome: "sent", line: noCount },
  { title: "less than nothing, as text", answer: partial('"-5"'), outcome: "sent", line: noCount },
  { title: "a fraction", answer: partial("1.5"), outcome: "sent", line: noCount },
  { title: "infinity", answer: partial("1e999"), outcome: "sent", line: noCount },
  { title: "a message that is none", answer: partial("0", "{}"), outcome: "sent" },
  {
    title: "a message that steers the terminal",
    answer: partial(
      "1",
      JSON.stringify(`\u001b]0;x\u0007\u009b31m\u202e\u200b${"y".repeat(60_000)}`),
    ),
    outcome: "sent",
    rejected: 1,
    line: /rejected: "\\u001b\]0;x\\u0007\\u009b31m\\u202e\\u200by{150,200}…"\n$/,
  },
  {
    title: "a reason that steers the terminal",
    answer: (socket) =>
      socket.write(
        `HTTP/1.1 400 \u001b]0;x\u0007\u009b31m${"y".repeat(12_000)}\r\ncontent-length: 0\r\n\r\n`,
        "latin1",
      ),
    outcome: "failed",
    line: /answered 400 \\u001b\]0;x\\u0007\\u009b31my{150,200}… \(dropped/,
  },
];

const later = (value: string, row: Partial<RawRow> = {}): RawRow => ({
  title: `429 with Retry-After: ${value.length > 40 ? "400 digits" : value}`,
  answer: head("429 Too Many Requests", `retry-after: ${value}`),
  outcome: "failed",
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
    outcome: "failed",
    line: /answered 400 Bad \(dropped/,
  },
];

for (const protocol of ["http/protobuf", "http/json"] as const) {
  for (const [signal, create] of Object.entries(signals)) {
    describe(`${signal} over ${protocol} answered with`, () => {
      for (const row of [...unusual, ...pauses]) {
        it(`${row.title}: ${row.outcome}, counted exactly once`, async () => {
          const peer = await startRawPeer(answerOf(row));
          const pipe = create(configFor(`${peer.url}/v1/any`, protocol), retry);
          const began = performance.now();
          await pipe.send();
          const tookMs = performance.now() - began;
          await peer.close();
          check(row, pipe, peer.requests, tookMs);
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

const unknown = { outcome: "failed", line: /answered UNKNOWN/ } as const;
const calls: readonly GrpcRow[] = [
  { title: "no status text", headers: { "grpc-status": "" }, ...unknown },
  { title: "a word for a status", headers: { "grpc-status": "abc" }, ...unknown },
  { title: "a negative status", headers: { "grpc-status": "-1" }, ...unknown },
  { title: "a status in hexadecimal", headers: { "grpc-status": "0x0" }, ...unknown },
  { title: "a status with an exponent", headers: { "grpc-status": "0e1" }, ...unknown },
  { title: "two states", headers: { "grpc-status": "0, 0" }, ...unknown },
  {
    title: "a status without a name",
    headers: { "grpc-status": "99" },
    outcome: "failed",
    line: /answered gRPC status 99/,
  },
  {
    title: "a message that steers the terminal",
    headers: {
      "grpc-status": "3",
      "grpc-message": `%1B]0;x%07%C2%9B31m%E2%80%AE${"y".repeat(5000)}`,
    },
    outcome: "failed",
    line: /INVALID_ARGUMENT: \\u001b\]0;x\\u0007\\u009b31m\\u202ey{150,200}… \(dropped/,
  },
  {
    title: "a pause of years",
    headers: { "grpc-status": "14", ...retryInfo(0xff, 0xff, 0xff, 0xff, 0x0f) },
    outcome: "failed",
    line: longest,
    isPaused: true,
  },
  {
    title: "the longest pause there is",
    headers: {
      "grpc-status": "14",
      ...retryInfo(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
    },
    outcome: "failed",
    line: longest,
    isPaused: true,
  },
  {
    title: "a pause of less than nothing",
    headers: {
      "grpc-status": "14",
      ...retryInfo(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    },
    outcome: "failed",
    requests: 4,
    line: /answered UNAVAILABLE \(dropped/,
  },
  {
    title: "a pause of nothing",
    headers: { "grpc-status": "14", ...retryInfo(0) },
    outcome: "failed",
    requests: 4,
    line: /answered UNAVAILABLE \(dropped/,
  },
  {
    title: "details that are none",
    headers: { "grpc-status": "14", "grpc-status-details-bin": "AAAA////" },
    outcome: "failed",
    requests: 4,
    line: /answered UNAVAILABLE \(dropped/,
  },
  {
    title: "HTTP 302",
    headers: { ":status": "302" },
    outcome: "failed",
    line: /answered HTTP 302 to a gRPC call/,
  },
  {
    title: "HTTP 503",
    headers: { ":status": "503" },
    outcome: "failed",
    requests: 4,
    line: /answered HTTP 503 to a gRPC call/,
  },
];

for (const [signal, create] of Object.entries(signals)) {
  describe(`${signal} over gRPC answered with`, () => {
    for (const row of calls) {
      it(`${row.title}: ${row.outcome}, counted exactly once`, async () => {
        const peer = await startGrpcPeer(row.headers);
        const pipe = create(configFor(peer.url, "grpc"), retry);
        const began = performance.now();
        await pipe.send();
        const tookMs = performance.now() - began;
        await peer.close();
        check(row, pipe, peer.requests, tookMs);
      });
    }
  });
}

describe("What is queued at the end of the process, answered with", () => {
  const atEnd = async (row: Row, peer: Peer, protocol: OtlpConfig["protocol"]): Promise<void> => {
    const plan = { url: peer.url, count: 3, end: "exit", otlp: { protocol } } as const;
    const { report, stderr, code, tookMs } = await run(plan).ended;
    await peer.close();
    assert.equal(code, 3);
    const rejected = row.rejected === "all" ? 3 : (row.rejected ?? 0);
    const sent = { ...(rejected < 3 && { sent: 3 - rejected }), ...(rejected > 0 && { rejected }) };
    assert.deepEqual(report.books, row.outcome === "sent" ? sent : { shutdown: 3 });
    assert.equal(
      stderr.split("\n").length,
      row.outcome === "sent" && row.line === undefined ? 1 : 2,
    );
    assert.doesNotMatch(stderr.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    assert.ok(stderr.length < 700, stderr);
    assert.ok(tookMs < PATIENCE_MS * 0.9, `${tookMs} ms`);
  };
  const titles = new Set([
    "204",
    "101 Switching Protocols",
    "HTTP/0.9",
    "304",
    "a fraction",
    "less than nothing",
    "more than it got",
    "a reason that steers the terminal",
  ]);
  for (const row of unusual.filter(({ title }) => titles.has(title))) {
    it(`${row.title}: ${row.outcome}, counted exactly once`, async () => {
      await atEnd(row, await startRawPeer(answerOf(row)), "http/protobuf");
    });
  }
  for (const row of calls.filter(({ title }) => /stat/.test(title))) {
    it(`${row.title}, over gRPC: ${row.outcome}, counted exactly once`, async () => {
      await atEnd(row, await startGrpcPeer(row.headers), "grpc");
    });
  }
});

function configFor(url: string, protocol: OtlpConfig["protocol"]): OtlpConfig {
  return {
    protocol,
    url,
    headers: {},
    timeoutMs: TIMEOUT_MS,
    compression: "none",
    insecure: false,
    tls: noTls,
  };
}

function answerOf({ answer }: RawRow): Answer {
  if (typeof answer === "function") return answer;
  return (socket) => socket.write(answer);
}

function check(row: Row, pipe: SignalPipe, requests: number, tookMs: number): void {
  const { account, lines, queued } = pipe;
  const { made, sent, dropped } = account;
  const rejected = row.rejected === "all" ? made : (row.rejected ?? 0);
  const losses = Object.fromEntries(Object.entries(dropped).filter(([, count]) => count !== 0));
  assert.ok(made > 0);
  if (row.outcome === "sent") {
    assert.equal(sent, made - rejected);
    assert.deepEqual(losses, rejected === 0 ? {} : { rejected });
  } else {
    assert.deepEqual([sent, losses], [0, { failed: made }]);
  }
  assert.equal(queued, 0);
  assert.equal(made, sent + account.droppedTotal + queued);
  assert.ok(requests <= (row.requests ?? 1), `${requests} requests`);
  assert.ok(tookMs >= (requests - 1) * LEAST_BACKOFF_MS, `${requests} requests in ${tookMs} ms`);
  assert.equal(lines.length, row.line === undefined ? 0 : 1, lines.join(""));
  assert.match(lines[0] ?? "", row.line ?? /^$/);
  assert.doesNotMatch(lines.join("").replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  const pausedMs = Math.max(0, account.pausedUntil - Date.now());
  if (row.isPaused === true) assert.ok(pausedMs > LONGEST_PAUSE_MS * 0.5, `${pausedMs} ms`);
  assert.ok(pausedMs <= LONGEST_PAUSE_MS, `${pausedMs} ms`);
}
