import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { bundlePrograms, type BundledPrograms } from "../preload.ts";

const ERRORS = 20_000;
const LIMIT = 100;

interface Storm {
  readonly ids: readonly string[];
  readonly last: string;
}

describe("A storm of one error", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    [programs, receiver] = await Promise.all([bundlePrograms(["repeated.ts"]), startReceiver()]);
  });
  after(() => Promise.all([programs.remove(), receiver.close()]));

  it("is a hundred events, and some more while it lasts; all others are counted", async () => {
    const env = { SENTRY_DSN: receiver.dsn, OTEL_LOG_LEVEL: "warn" };
    const { stdout, stderr, tookMs } = await programs.run("repeated.ts", {
      args: [String(ERRORS)],
      env,
    });
    await receiver.settled();
    const { ids, last } = JSON.parse(stdout) as Storm;
    // One each five seconds, if the machine is that slow.
    const most = LIMIT + tookMs / 5_000 + 1;
    const { events } = receiver;
    assert.ok(events.length >= LIMIT && events.length <= most, `${events.length} events`);
    assert.deepEqual(new Set(ids), new Set(events.map(({ event_id: id }) => id)));
    assert.ok(ids.includes(last));
    const onEvents = events.reduce((sum, { contexts }) => {
      const { count = 0 } = contexts?.["repeated"] ?? {};
      return sum + Number(count);
    }, 0);
    const reports = receiver.items.filter(({ type }) => type === "client_report");
    const outcomes = reports.flatMap(({ payload }) => (payload as ClientReport).discarded_events);
    assert.deepEqual(
      new Set(outcomes.map(({ reason, category }) => `${reason} ${category}`)),
      new Set(["backpressure error"]),
    );
    const inReports = outcomes.reduce((sum, { quantity }) => sum + quantity, 0);
    assert.equal(inReports, ERRORS - events.length);
    assert.ok(onEvents <= inReports);
    assert.match(
      stderr,
      /^telltale: the error at .*repeated\.js:\d+:\d+\)? occurs more than 100 times a minute; .*\n$/,
    );
  });
});

interface ClientReport {
  readonly discarded_events: readonly {
    readonly reason: string;
    readonly category: string;
    readonly quantity: number;
  }[];
}
