import { setTimeout as delay } from "node:timers/promises";
import type { Cell, Fault } from "../fault.ts";
import { sendSlowly, gzipBomb, http, raw, status } from "../peers.ts";
import {
  cannotSend,
  notRetried,
  otlp,
  rejected,
  retried,
  sent,
  sentLater,
  triedThreeTimes,
  unreachable,
} from "./cells.ts";

/** Items that wait for a pause to end are exported by the timer, which the other faults switch off. */
const timers = { OTEL_BSP_SCHEDULE_DELAY: "1000", OTEL_BLRP_SCHEDULE_DELAY: "1000" };

const unread = (items: string): RegExp =>
  new RegExp(`^${items} sent to \\S+, but its answer could not be read in full`);

const remark: Cell = { ...sent, line: unread("(spans|log records|data points)"), isRemark: true };

/** Sentry counts an event as lost that it answers with 429, and asks for a pause, by default of a minute. */
const limited: Cell = { ...rejected(429), afterwards: "dropped" };

/** A timer may be a millisecond early. */
const SECOND_MS = 999;

const asksFor = (seconds: string): RegExp =>
  cannotSend(
    `answered 429 Too Many Requests and asked for a pause of ${seconds} s; nothing is sent`,
  );

/** A status that concerns only this request has no line of recovery. */
const itsOwnFault = (code: number): Cell => ({ ...rejected(code), isRemark: true });

export const responseFaults: readonly Fault[] = [
  {
    group: "Responses",
    title: "accepts everything (for comparison)",
    cells: otlp(sent, sent),
  },
  ...[400, 413].map((code): Fault => ({
    group: "Responses",
    title: `answers ${code}`,
    peer: status(code),
    cells: otlp(notRetried(cannotSend(`answered ${code}`)), itsOwnFault(code)),
  })),
  ...[401, 404].map((code): Fault => ({
    group: "Responses",
    title: `answers ${code}`,
    peer: status(code),
    cells: otlp(notRetried(cannotSend(`answered ${code}`)), rejected(code)),
  })),
  {
    group: "Responses",
    title: "answers 500",
    peer: status(500),
    cells: otlp(
      notRetried(cannotSend("answered 500")),
      triedThreeTimes(/^Sentry at \S+ answers 500/, "rejected"),
    ),
  },
  ...[502, 503, 504].map((code): Fault => ({
    group: "Responses",
    title: `answers ${code}`,
    peer: status(code),
    cells: otlp(
      retried(cannotSend(`answered ${code}`)),
      triedThreeTimes(new RegExp(`^Sentry at \\S+ answers ${code}`), "rejected"),
    ),
  })),
  {
    group: "Responses",
    title: "answers 503 once",
    peer: status(503, {}, 1),
    cells: otlp(sentLater, { ...sentLater, line: /^Sentry at \S+ answers 503/ }),
  },
  {
    group: "Responses",
    title: "answers 429 once, without `Retry-After`",
    peer: status(429, {}, 1),
    cells: otlp(sentLater, limited),
  },
  {
    group: "Responses",
    title: "answers 429 once, with `Retry-After` in seconds",
    peer: status(429, { "retry-after": "1" }, 1),
    // Sentry's pause is at most a second longer.
    end: () => delay(2_500),
    cells: otlp({ ...sentLater, pauseMs: SECOND_MS }, rejected(429)),
  },
  {
    group: "Responses",
    title: "answers 503 once, with `Retry-After` as a date",
    // Two seconds ahead, since a date has no milliseconds.
    peer: status(503, { "retry-after": () => new Date(Date.now() + 2_000).toUTCString() }, 1),
    cells: otlp(
      { ...sentLater, pauseMs: SECOND_MS },
      { ...sentLater, pauseMs: SECOND_MS, line: /^Sentry at \S+ answers 503/ },
    ),
  },
  ...(
    [
      ["that can't be read", "soon"],
      ["that is negative", "-5"],
      ["of 0 seconds", "0"],
    ] as const
  ).map(([what, value]): Fault => ({
    group: "Responses",
    title: `answers 503 once, with a \`Retry-After\` ${what}`,
    peer: status(503, { "retry-after": value }, 1),
    cells: otlp(
      { ...sentLater, pauseMs: 90 },
      { ...sentLater, pauseMs: 90, line: /^Sentry at \S+ answers 503/ },
    ),
  })),
  {
    group: "Responses",
    title: "answers 429 once, with a `Retry-After` of 31 years",
    peer: status(429, { "retry-after": "1000000000" }, 1),
    env: timers,
    cells: otlp(
      { ...notRetried(asksFor("1000000000")), afterwards: "queued" },
      { ...rejected(429), afterwards: "dropped" },
    ),
  },
  {
    group: "Responses",
    title: "rejects a part, or accepts and asks for a pause (Sentry)",
    peer: http(({ response, accept, signal }) => {
      accept(signal === "errors" ? 0 : 1);
      if (signal === "errors") response.setHeader("x-sentry-rate-limits", "60:error:key");
      else response.setHeader("content-type", "application/json");
      response.end(
        signal === "errors" ? "{}" : JSON.stringify({ partialSuccess: rejections[signal] }),
      );
    }),
    cells: {
      ...otlp(
        {
          ...{ result: "sent", attempts: "one", reason: "rejected", count: 1, isRemark: true },
          line: /^(spans|log records|data points) sent to \S+, but 1 was rejected: "too old"/,
        },
        { ...sent, line: /^Sentry at \S+ asks for a pause/, afterwards: "dropped" },
      ),
    },
  },
  {
    group: "Responses",
    title: "reads requests and never answers",
    peer: http(() => {}),
    cells: otlp(
      { result: "dropped", attempts: "one", line: cannotSend("no answer within 6000 ms") },
      { result: "queued", line: unreachable("no answer within 10000 ms") },
    ),
  },
  {
    group: "Responses",
    title: "sends a header byte by byte, without end",
    peer: sendSlowly("HTTP/1.1 200 OK\r\nx-header: ", "x"),
    cells: otlp(
      { result: "dropped", attempts: "one", line: cannotSend("no answer within 6000 ms") },
      { result: "queued", line: unreachable("no answer within 10000 ms") },
    ),
  },
  {
    group: "Responses",
    title: "accepts with a body byte by byte, without end",
    // So that not every look finds an export in flight.
    env: { OTEL_METRIC_EXPORT_INTERVAL: "10000" },
    peer: http(({ response, accept }) => {
      accept();
      response.write("{");
      const timer = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(timer));
    }),
    cells: otlp(remark, sent),
  },
  {
    group: "Responses",
    title: "accepts with a body of 100 MB",
    peer: http(({ response, accept }) => {
      accept();
      response.end(Buffer.alloc(100_000_000));
    }),
    cells: otlp(remark, sent),
  },
  {
    group: "Responses",
    title: "answers 503 with a body of 100 MB",
    peer: http(({ response }) => response.writeHead(503).end(Buffer.alloc(100_000_000))),
    cells: otlp(
      notRetried(cannotSend("answered 503 Service Unavailable with more than 65536 bytes")),
      triedThreeTimes(/^Sentry at \S+ answers 503/, "rejected"),
    ),
  },
  {
    group: "Responses",
    title: "accepts with a body that is malformed",
    peer: http(({ response, accept }) => {
      accept();
      response.setHeader("content-type", "application/x-protobuf");
      response.end(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]));
    }),
    cells: otlp(sent, sent),
  },
  {
    group: "Responses",
    title: "accepts with a gzip bomb (10 kB for 10 MB)",
    peer: http(({ response, accept }) => {
      accept();
      response.setHeader("content-encoding", "gzip");
      response.end(gzipBomb());
    }),
    cells: otlp(sent, sent),
  },
  {
    group: "Responses",
    title: "speaks another protocol",
    peer: raw((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")),
    cells: otlp(
      notRetried(cannotSend("what answers there speaks another protocol")),
      triedThreeTimes(unreachable("HPE_INVALID_CONSTANT")),
    ),
  },
  {
    group: "Responses",
    title: "sends headers of a megabyte",
    peer: raw((socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(1_000_000)}\r\n\r\n`)),
    cells: otlp(
      notRetried(
        cannotSend("what answers there speaks another protocol \\(HPE_HEADER_OVERFLOW\\)"),
      ),
      triedThreeTimes(unreachable("HPE_HEADER_OVERFLOW")),
    ),
  },
  {
    group: "Responses",
    title: "redirects to itself",
    peer: http(({ request, response }) => response.writeHead(307, { location: request.url }).end()),
    cells: otlp(notRetried(cannotSend("answered 307")), rejected(307)),
  },
];

const rejections = {
  traces: { rejectedSpans: "1", errorMessage: "too old" },
  logs: { rejectedLogRecords: "1", errorMessage: "too old" },
  metrics: { rejectedDataPoints: "1", errorMessage: "too old" },
} as const;
