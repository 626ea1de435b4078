import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedRequest } from "../../../src/testing/received.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { type BundledPrograms, bundlePrograms, type ProcessResult } from "../preload.ts";

const ERRORS = 100_000;
/** Sentry asks for a pause each time it has accepted so many requests. */
const REQUESTS_PER_LIMIT = 200;
const LIMIT_MS = 1_000;
/**
 * Maximum number of requests that were sent before the process has read the response: 8 are
 * in flight at a time, and responses to others may be read first.
 */
const IN_FLIGHT = 16;

interface StormResult {
  readonly counts: {
    readonly created: number;
    readonly sent: number;
    readonly queued: number;
    readonly dropped: number;
    readonly reasons: Readonly<Record<string, number>>;
  };
  readonly maxRssMb: number;
  readonly turnMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

describe(`A process with ${ERRORS.toLocaleString("en")} different errors`, () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  let ended: ProcessResult;
  let result: StormResult;
  before(async () => {
    [programs, receiver] = await Promise.all([
      bundlePrograms(["storm.ts"]),
      startReceiver({ maxItems: 2 * ERRORS, maxBytes: 1024 * 1024 * 1024 }),
    ]);
    const storm = programs.start("storm.ts", {
      args: [String(ERRORS)],
      env: {
        SENTRY_DSN: receiver.dsn,
        OTEL_LOG_LEVEL: "info",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
        TELLTALE_REPEATED_ERRORS: "0",
      },
    });
    let isRunning = true;
    const limiting = requestPauses(receiver, () => isRunning);
    ended = await storm.ended;
    isRunning = false;
    await limiting;
    result = JSON.parse(ended.stdout || "{}") as StormResult;
  });
  after(() => Promise.all([programs.remove(), receiver.close()]));

  it("sends none within a limit", () => {
    const limits = limitsOf(receiver.requests);
    assert.ok(
      limits.length >= 2,
      `${limits.length} limits in ${receiver.requests.length} requests`,
    );
    for (const { at } of limits) {
      const within = receiver.requests.filter(
        (request) => request.at > at && request.at < at + LIMIT_MS,
      );
      assert.ok(within.length <= IN_FLIGHT, `${within.length} requests within a limit`);
    }
  });

  it("counts each as sent or dropped, with its reason", () => {
    const { created, sent, queued, dropped, reasons } = result.counts;
    assert.deepEqual([created, queued], [ERRORS, 0], ended.stderr);
    assert.equal(sent + dropped, ERRORS);
    assert.equal(receiver.events.length, sent);
    assert.equal(new Set(receiver.events.map(({ event_id: id }) => id)).size, sent);
    assert.deepEqual(Object.keys(reasons).toSorted(), ["queue_full", "rejected"]);
  });

  it("reports to Sentry what it has dropped", () => {
    const reported: Record<string, number> = {};
    for (const { type, payload } of receiver.items) {
      if (type !== "client_report") continue;
      const { discarded_events: losses } = payload as {
        discarded_events: readonly { reason: string; category: string; quantity: number }[];
      };
      for (const { reason, category, quantity } of losses) {
        reported[`${reason} ${category}`] = (reported[`${reason} ${category}`] ?? 0) + quantity;
      }
    }
    const { reasons } = result.counts;
    // Sentry counts the requests that it has answered with 429.
    const rejected = receiver.requests.filter(({ status }) => status === 429).length;
    assert.deepEqual(reported, {
      "queue_overflow error": reasons["queue_full"],
      "ratelimit_backoff error": (reasons["rejected"] ?? 0) - rejected,
    });
  });

  it("needs a bounded memory, and short turns of the event loop", () => {
    const { maxRssMb, turnMs } = result;
    // 100,000 events would take more than 1 GB.
    assert.ok(maxRssMb < 400, `${maxRssMb} MB`);
    assert.ok(turnMs.p99 < 200 && turnMs.max < 2_000, JSON.stringify(turnMs));
  });

  it("writes a line for each problem, and no more than one a minute", () => {
    const lines = ended.stderr.split("\n").slice(0, -1);
    for (const line of lines) {
      assert.match(
        line,
        /asks for a pause|answers 429|takes events again|queue of Sentry events (is full|drains again)/,
      );
    }
    const minutes = Math.ceil(ended.tookMs / 60_000);
    assert.ok(lines.length <= 4 * minutes, ended.stderr);
  });
});

/** Answers one request with 429 each time enough were accepted. */
async function requestPauses(receiver: Receiver, isRunning: () => boolean): Promise<void> {
  const headers = { "x-sentry-rate-limits": `${LIMIT_MS / 1000}:error:key` };
  while (isRunning()) {
    receiver.setFaults({ kind: "status", status: 429, headers, times: 1, signal: "events" });
    const enough = receiver.requests.length + REQUESTS_PER_LIMIT;
    const isNext = (): boolean => !isRunning() || receiver.requests.length >= enough;
    await pollUntilTrue(isNext, () => `${receiver.requests.length} requests`);
  }
}

/** The requests that were answered with 429, without those in flight at the same time. */
function limitsOf(requests: readonly ReceivedRequest[]): ReceivedRequest[] {
  const limits: ReceivedRequest[] = [];
  for (const request of requests) {
    const last = limits.at(-1)?.at ?? -Infinity;
    if (request.status === 429 && request.at - last > LIMIT_MS) limits.push(request);
  }
  return limits;
}
