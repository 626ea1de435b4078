import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReceivedClientReport } from "../../../src/testing/received.ts";
import type { Receiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntil } from "../../until.ts";
import { ca, type HostileSentry, hostileSentries, type SentryPeer, startSentry } from "./peers.ts";
import { type EventCounts, FLUSH_TIMEOUT_MS, Service } from "./service.ts";

/** Number of errors that are captured at once. */
const STORM = 2_000;
/** Number of requests that each app gets in turn, and of those at a time. */
const REQUESTS = 160;
const CONCURRENCY = 4;
/** One of so many requests fails. */
const FAILING_SHARE = 4;
/** Maximum ratio of the medians. On an idle machine it is below 1.3. */
const MAX_RATIO = 2;
/** Number of comparisons, one of which has to succeed: other processes may slow one of the two apps down. */
const COMPARISONS = 5;
/** Maximum growth of the memory in use. A full queue has 6 MB, and all events 46 MB. */
const MAX_GROWTH_BYTES = 30_000_000;
/** Maximum resident memory beyond that with a healthy Sentry. */
const MAX_RSS_BYTES = 60_000_000;
/** Below the time limit of a request, 10 s; above the start of a thread on a busy machine. */
const MARGIN_MS = 8_000;
/** An envelope with an event is larger, and a client report is smaller. */
const MIN_EVENT_BYTES = 1_000;

describe("An app whose Sentry", () => {
  let folder: string;
  let caFile: string;
  let healthySentry: SentryPeer;
  let healthy: Service;
  let healthyRss: number;
  /** What listens on the port of the Sentry of the other app. */
  let peer: SentryPeer | undefined;

  /** Replaces it. */
  const replacePeer = async <P extends SentryPeer>(start: () => Promise<P>): Promise<P> => {
    const last = peer;
    peer = undefined;
    await last?.close();
    const next = await start();
    peer = next;
    return next;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "telltale-hostile-sentry-"));
    caFile = join(folder, "ca.pem");
    writeFileSync(caFile, ca);
    const port = await freePort();
    healthySentry = await startSentry(port);
    healthy = await Service.start(dsnOf(port), caFile);
    await warmUp(healthy);
    await healthy.storm(STORM);
    ({ rss: healthyRss } = await memoryOf(healthy));
  });
  afterEach(() => replacePeer(() => Promise.resolve({ close: () => {} })));
  after(async () => {
    await healthySentry.close();
    rmSync(folder, { recursive: true });
  });

  for (const hostile of hostileSentries) {
    it(`${hostile.title} is as fast as with a healthy one, needs bounded memory, reports its losses, and ends in time`, async () => {
      const port = await freePort();
      const { receiver: attacked } = await replacePeer(() => hostile.start(port));
      const service = await Service.start(dsnOf(port, hostile), caFile);
      await warmUp(service);
      const before = await memoryOf(service);
      await service.storm(STORM);
      if (hostile.isFinal === true) await waitUntilDecided(service);
      await assertSameLatency(service, healthy);
      const { used, rss } = await memoryOf(service);
      assert.ok(used - before.used < MAX_GROWTH_BYTES, `${used - before.used} bytes more in use`);
      assert.ok(rss - healthyRss < MAX_RSS_BYTES, `${rss} bytes, with a healthy one ${healthyRss}`);
      if (hostile.isFinal === true) await waitUntilDecided(service);
      const { receiver } = await replacePeer(() => startSentry(port, undefined, hostile.healthy));
      await assertLossesReported(service, hostile, { receiver, attacked });
      await replacePeer(() => hostile.start(port));
      await assertSameEnd(service, hostile);
    });
  }

  it("is healthy ends by the same signal", async () => {
    const { code, signal, stderr } = await healthy.end("SIGTERM");
    assert.deepEqual([code, signal], [null, "SIGTERM"]);
    assert.match(stderr, /^(telltale: the queue of Sentry events (is full|drains again).*\n)*$/);
  });
});

function dsnOf(port: number, { healthy = {} }: Partial<HostileSentry> = {}): string {
  return `${healthy.tls === undefined ? "http" : "https"}://key@127.0.0.1:${port}/1`;
}

async function warmUp(service: Service): Promise<void> {
  for (let index = 0; index < 100; index++) await service.get(pathOf(index));
}

function pathOf(index: number): string {
  return `/${index % FAILING_SHARE === 0 ? "failing" : "orders"}/${index}`;
}

async function memoryOf(service: Service): Promise<{ used: number; rss: number }> {
  return (await service.get("/memory")) as { used: number; rss: number };
}

function waitForCounts(
  read: () => Promise<EventCounts>,
  isExpected: (counts: EventCounts) => boolean,
): Promise<EventCounts> {
  let latest: EventCounts | undefined;
  return pollUntil(
    async () => {
      latest = await read();
      return isExpected(latest) ? latest : undefined;
    },
    () => JSON.stringify(latest),
  );
}

/** Resolves when Sentry has decided on all events. */
async function waitUntilDecided(service: Service): Promise<void> {
  await waitForCounts(
    () => service.counts(),
    ({ queued }) => queued === 0,
  );
}

async function assertSameLatency(service: Service, healthy: Service): Promise<void> {
  const texts: string[] = [];
  for (let index = 0; index < COMPARISONS; index++) {
    const { ratios, text } = await compareLatency(service, healthy);
    if (ratios.every((ratio) => ratio <= MAX_RATIO)) return;
    texts.push(text);
  }
  assert.fail(texts.join("\n"));
}

/** Sends requests to both services, in turn, and compares their medians. */
async function compareLatency(
  service: Service,
  healthy: Service,
): Promise<{ ratios: readonly number[]; text: string }> {
  const times = { service: new Latencies(), healthy: new Latencies() };
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < REQUESTS; index = next++) {
      // Each is the first one half of the time.
      const isFirst = index % 2 === 0;
      if (isFirst) await times.service.measure(service, index);
      await times.healthy.measure(healthy, index);
      if (!isFirst) await times.service.measure(service, index);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const medians = (["orders", "failing"] as const).map(
    (kind) => [times.service.median(kind), times.healthy.median(kind)] as const,
  );
  return {
    ratios: medians.map(([median, healthyMedian]) => median / healthyMedian),
    text: `milliseconds, and with a healthy Sentry: ${JSON.stringify(medians)}`,
  };
}

/** The durations of requests to one service, in milliseconds. */
class Latencies {
  readonly #times = { orders: [] as number[], failing: [] as number[] };

  async measure(service: Service, index: number): Promise<void> {
    const startedAt = performance.now();
    await service.get(pathOf(index));
    const kind = index % FAILING_SHARE === 0 ? "failing" : "orders";
    this.#times[kind].push(performance.now() - startedAt);
  }

  median(kind: "orders" | "failing"): number {
    const sorted = this.#times[kind].toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  }
}

/** Compares the counters with the events and reports that both Sentrys have got. */
async function assertLossesReported(
  service: Service,
  { reasons }: HostileSentry,
  { receiver, attacked }: { readonly receiver: Receiver; readonly attacked: Receiver | undefined },
): Promise<void> {
  // Sentry counts these itself.
  const limited = attacked?.requests.filter(
    ({ status, bytes }) => status === 429 && bytes > MIN_EVENT_BYTES,
  );
  const reported = (): number =>
    lostErrorsOf(receiver.clientReports) + (limited === undefined ? 0 : limited.length);
  const { created, sent, dropped } = await flushUntil(
    service,
    (counts) => reported() >= counts.dropped,
  );
  assert.deepEqual([created, sent + dropped], [service.errors, service.errors]);
  assert.equal(reported(), dropped);
  assert.ok(dropped > 0);
  for (const { reason } of receiver.clientReports.flatMap((report) => report.discarded_events))
    assert.ok([...reasons, "queue_overflow"].includes(reason), reason);
  const events = [...(attacked?.events ?? []), ...receiver.events];
  assert.equal(new Set(events.map(({ event_id: id }) => id)).size, sent);
}

/** Flushes until nothing is queued, and the losses are reported. */
function flushUntil(
  service: Service,
  isReported: (counts: EventCounts) => boolean,
): Promise<EventCounts> {
  return waitForCounts(
    async () => {
      await service.get("/flush");
      return service.counts();
    },
    (counts) => counts.queued === 0 && isReported(counts),
  );
}

/** Returns the number of errors that reports have. They have counts of sessions, too. */
function lostErrorsOf(reports: readonly ReceivedClientReport[]): number {
  const losses = reports.flatMap((report) => report.discarded_events);
  const errors = losses.filter(({ category }) => category === "error");
  return errors.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** Ends the service while it has events for a hostile Sentry. */
async function assertSameEnd(service: Service, { line }: HostileSentry): Promise<void> {
  await service.storm(20);
  const { code, signal, tookMs, stderr } = await service.end("SIGTERM");
  assert.deepEqual([code, signal], [null, "SIGTERM"]);
  assert.ok(tookMs < FLUSH_TIMEOUT_MS + MARGIN_MS, `${tookMs} ms`);
  for (const text of stderr.split("\n").slice(0, -1)) assert.match(text, /^telltale: /);
  assert.doesNotMatch(stderr, /key/);
  if (line !== undefined) assert.ok(stderr.includes(line), stderr);
}
