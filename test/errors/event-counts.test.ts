import assert from "node:assert/strict";
import { getIsolationScope, Scope } from "@sentry/core";
import type { ServerRuntimeClientOptions } from "@sentry/core/server";
import { type DropReason, EventCounters } from "../../src/diagnostics/telemetry-counters.ts";
import type { SentryClient } from "../../src/errors/sentry-client.ts";
import type { ReceivedEvent } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { captureFeedbackTwice, type ClientFixture, createClientFixture } from "./client-fixture.ts";

/** How events are captured, and the counters afterwards. */
const cases: readonly {
  readonly title: string;
  readonly options?: Partial<ServerRuntimeClientOptions>;
  readonly env?: Readonly<Record<string, string>>;
  readonly capture?: (setup: ClientFixture) => void;
  readonly created?: number;
  readonly sent?: number;
  readonly dropped?: Partial<Record<DropReason, number>>;
  readonly kept?: number;
  /** Whether the span has the id of an event that is not sent. */
  readonly hasUnsentId?: boolean;
  readonly line?: RegExp;
}[] = [
  { title: "three errors", capture: captureThree, created: 3, sent: 3, kept: 3 },
  {
    title: "the same error twice",
    capture({ capture }) {
      const error = new Error("once");
      capture(error);
      capture(error);
    },
    created: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "events that were sampled out",
    options: { sampleRate: 0 },
    capture: captureThree,
    created: 3,
    dropped: { unsampled: 3 },
  },
  {
    title: "events that beforeSend drops",
    options: { beforeSend: () => null },
    created: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "events whose beforeSend throws",
    options: {
      beforeSend() {
        throw new Error("a faulty filter");
      },
    },
    created: 1,
    dropped: { filtered: 1 },
    line: /a Sentry filter of the app threw/,
  },
  {
    title: "events whose beforeSend is asynchronous",
    options: { beforeSend: (event) => Promise.resolve(event) },
    created: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "events whose asynchronous beforeSend drops them",
    options: { beforeSend: () => Promise.resolve(null) },
    created: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "events whose asynchronous beforeSend drops them after the request",
    options: { beforeSend: () => Promise.resolve(null) },
    capture({ capture, unit }) {
      capture(new Error("one"));
      // The span may be exported before the filter returns.
      unit.end();
    },
    created: 1,
    dropped: { filtered: 1 },
    hasUnsentId: true,
  },
  {
    title: "events that a processor drops",
    capture({ client, capture }) {
      client.addEventProcessor((event) => (event.level === "error" ? null : event));
      capture(new Error("dropped"));
      client.captureMessage("passed", "info", {}, new Scope());
    },
    created: 2,
    sent: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "ignored errors",
    env: { TELLTALE_IGNORE_ERRORS: "RangeError,/^tw/" },
    capture: captureThree,
    created: 3,
    sent: 1,
    dropped: { filtered: 2 },
    kept: 1,
  },
  {
    title: "ignored errors that were sampled out",
    env: { TELLTALE_IGNORE_ERRORS: "RangeError" },
    options: { sampleRate: 0 },
    capture: captureThree,
    created: 3,
    dropped: { unsampled: 3 },
  },
  {
    title: "ignored values that are no errors",
    env: { TELLTALE_IGNORE_ERRORS: "two" },
    capture({ capture }) {
      capture("two");
      capture({ message: "two" });
      capture(Object.assign(Object.create(null), { name: "E", message: "two" }));
    },
    created: 3,
    dropped: { filtered: 3 },
  },
  {
    title: "ignored errors, which no filter sees",
    env: { TELLTALE_IGNORE_ERRORS: "one" },
    options: {
      beforeSend() {
        throw new Error("seen");
      },
    },
    created: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "errors of ignored routes",
    env: { TELLTALE_IGNORE_TRANSACTIONS: "/health" },
    capture({ capture, unit }) {
      Object.assign(unit, { method: "GET", route: "/health" });
      capture(new Error("one"));
    },
    created: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "errors of ignored routes that are matched later",
    env: { TELLTALE_IGNORE_TRANSACTIONS: "/health" },
    capture({ capture, unit, span }) {
      Object.assign(unit, { method: "GET" });
      capture(new Error("one"));
      assert.equal(span.attributes["sentry.event_id"], undefined);
      unit.route = "/health";
      unit.end();
    },
    created: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "errors of other routes that are matched later",
    env: { TELLTALE_IGNORE_TRANSACTIONS: "/health" },
    capture({ capture, unit }) {
      Object.assign(unit, { method: "GET" });
      capture(new Error("one"));
      unit.route = "/orders";
      unit.end();
    },
    created: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "an error that occurs too often",
    env: { TELLTALE_REPEATED_ERRORS: "2" },
    capture({ capture }) {
      for (let count = 0; count < 5; count++) capture(new Error(`no ${count}`));
    },
    created: 5,
    sent: 2,
    dropped: { repeated: 3 },
    kept: 2,
    line: /the error at .* occurs more than 2 times a minute/,
  },
  {
    title: "a message that occurs too often",
    env: { TELLTALE_REPEATED_ERRORS: "2" },
    capture({ client }) {
      for (let count = 0; count < 5; count++)
        client.captureMessage(`no ${count}`, "info", {}, new Scope());
    },
    created: 5,
    sent: 2,
    dropped: { repeated: 3 },
    line: /an error or message occurs more than 2 times a minute/,
  },
  {
    title: "errors that are ignored or filtered, however often",
    env: { TELLTALE_REPEATED_ERRORS: "2", TELLTALE_IGNORE_ERRORS: "RangeError" },
    options: { beforeSend: (event) => (event.level === "error" ? null : event) },
    capture({ capture }) {
      for (let count = 0; count < 5; count++) {
        capture(new RangeError("ignored"));
        capture(new Error("filtered"));
      }
    },
    created: 10,
    dropped: { filtered: 10 },
  },
  {
    title: "an error that is captured twice while it occurs too often",
    env: { TELLTALE_REPEATED_ERRORS: "1" },
    capture({ capture }) {
      for (let count = 0; count < 3; count++) {
        const error = new Error("one");
        capture(error);
        capture(error);
      }
    },
    created: 3,
    sent: 1,
    dropped: { repeated: 2 },
    kept: 1,
    line: /occurs more than 1 times/,
  },
  {
    title: "an error whose getters throw",
    capture({ capture }) {
      capture({
        get message(): string {
          throw new Error("no message");
        },
      });
    },
    created: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "an error with a stack that is not a text",
    capture({ capture }) {
      capture(Object.assign(new Error("odd"), { stack: 12 }));
    },
    created: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "feedback, which is not sampled",
    options: { sampleRate: 0, beforeSend: () => null },
    capture: captureFeedbackTwice,
    created: 2,
    sent: 2,
  },
  {
    title: "feedback that a processor drops",
    capture(setup) {
      setup.client.addEventProcessor(
        ({ type }) => (type === "feedback" ? null : undefined) as null,
      );
      captureFeedbackTwice(setup);
    },
    created: 2,
    dropped: { filtered: 2 },
  },
  {
    title: "check-ins",
    options: { sampleRate: 0, beforeSend: () => null },
    capture: ({ client }) => checkInTwice(client),
    created: 2,
    sent: 2,
  },
  {
    title: "check-ins that Sentry would reject",
    capture({ client }) {
      client.captureCheckIn({ monitorSlug: "", status: "ok" });
      client.captureCheckIn({ monitorSlug: "report", status: "failed" as "error" });
      client.captureCheckIn(undefined as never);
    },
    created: 0,
    line: /captureCheckIn received no monitorSlug, expected a text; the check-in is not sent/,
  },
];

describe("The counters of events", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const setUp = (
    options: Partial<ServerRuntimeClientOptions> = {},
    env: Readonly<Record<string, string>> = {},
  ): ClientFixture => createClientFixture({ dsn: receiver.dsn, options, env });

  for (const { title, options, env, capture = captureOne, ...expected } of cases) {
    it(`balance for ${title}`, async () => {
      const setup = setUp(options, env);
      capture(setup);
      const { counters, client, lines, keepReasons, span } = setup;
      assert.equal(await client.flush(5_000), true);
      const spanEventId = span.attributes["sentry.event_id"];
      const { created = 0, sent = 0, dropped = {} } = expected;
      assert.deepEqual([counters.created, counters.sent, counters.queued], [created, sent, 0]);
      assert.deepEqual(counters.dropped, { ...new EventCounters().dropped, ...dropped });
      const { events, feedback, checkIns } = receiver;
      assert.equal(events.length + feedback.length + checkIns.length, sent);
      const ids = receiver.events.filter(isOfError).map(({ event_id: id }) => id);
      if (expected.hasUnsentId === true) assert.match(String(spanEventId), /^[0-9a-f]{32}$/);
      else assert.equal(spanEventId, ids.at(-1));
      assert.deepEqual(
        keepReasons,
        Array.from({ length: expected.kept ?? 0 }, () => "error_captured"),
      );
      if (expected.line === undefined) assert.deepEqual(lines, []);
      else assert.match(lines.join(""), expected.line);
    });
  }

  it("balance for events during a pause, which keep no trace", async () => {
    const { counters, capture, client, keepReasons, span } = setUp();
    receiver.setFaults({ kind: "status", status: 429, headers: { "retry-after": "60" } });
    capture(new Error("the first"));
    const idOfFirst = span.attributes["sentry.event_id"];
    await client.flush(5_000);
    capture(new Error("the second"));
    await client.flush(5_000);
    assert.deepEqual([counters.created, counters.dropped.rejected, counters.queued], [2, 2, 0]);
    assert.equal(keepReasons.length, 1);
    assert.equal(span.attributes["sentry.event_id"], idOfFirst);
  });

  for (const [category, capture] of [
    ["feedback", captureFeedbackTwice],
    ["monitor", ({ client }: ClientFixture) => checkInTwice(client)],
  ] as const) {
    it(`balance for items during a pause of the category ${category}, with a client report`, async () => {
      const setup = setUp();
      const { client, counters, keepReasons } = setup;
      const limits = { "x-sentry-rate-limits": `60:${category}:project` };
      receiver.setFaults({ kind: "status", status: 429, headers: limits });
      capture(setup);
      await client.flush(5_000);
      receiver.setFaults();
      const { length } = keepReasons;
      capture(setup);
      setup.capture(new Error("is not limited"));
      await client.flush(5_000);
      assert.deepEqual([counters.created, counters.sent, counters.queued], [5, 1, 0]);
      assert.deepEqual(counters.dropped, { ...new EventCounters().dropped, rejected: 4 });
      assert.equal(keepReasons.length, length + 1);
      const reports = receiver.items.filter(({ type }) => type === "client_report");
      assert.deepEqual(
        reports.map(({ payload }) => (payload as { discarded_events: unknown }).discarded_events),
        [[{ reason: "ratelimit_backoff", category, quantity: 2 }]],
      );
    });
  }

  it("balance for a check-in at process exit", () => {
    const { counters, client } = setUp();
    checkInTwice(client);
    const requests = client.drainForExit().flatMap((make) => make() ?? []);
    assert.equal(requests.length, 2);
    assert.deepEqual([counters.created, counters.queued], [2, 2]);
    requests[0]?.onResult(true);
    requests[1]?.onResult(false);
    assert.deepEqual([counters.sent, counters.dropped.failed, counters.queued], [1, 1, 0]);
  });

  it("balance for an event that flush awaits in an asynchronous filter", async () => {
    const { client, capture } = setUp({
      beforeSend: (event) => new Promise((resolve) => setTimeout(() => resolve(event), 20)),
    });
    capture(new Error("in a filter"));
    assert.equal(await client.flush(5_000), true);
    assert.equal(receiver.events.length, 1);
  });

  it("balance for an event whose filter never ends: flush resolves with false in time", async () => {
    const { client, capture, counters } = setUp({ beforeSend: () => new Promise(() => {}) });
    capture(new Error("in a filter"));
    assert.equal(await client.flush(20), false);
    assert.deepEqual([counters.created, counters.queued], [1, 1]);
  });

  it("balance at process exit, with pending events", () => {
    const { counters, capture, client } = setUp();
    capture(new Error("at the end"));
    const requests = client.drainForExit().flatMap((make) => make() ?? []);
    assert.equal(requests.length, 1);
    assert.deepEqual([counters.created, counters.queued], [1, 1]);
    requests[0]?.onResult(true);
    assert.deepEqual([counters.sent, counters.queued], [1, 0]);
  });

  it("balance at process exit, with an event in an asynchronous filter", async () => {
    let releaseFilter: (() => void) | undefined;
    const filterResult = new Promise<null>((resolve) => {
      releaseFilter = () => resolve(null);
    });
    const { counters, capture, client, lines, keepReasons } = setUp({
      beforeSend: () => filterResult,
    });
    capture(new Error("in a filter"));
    const [report, ...others] = client.drainForExit().map((make) => make());
    assert.match(String(Buffer.from(report?.body ?? [])), /"event_processor","category":"error"/);
    assert.deepEqual(others, []);
    assert.deepEqual([counters.dropped.shutdown, counters.queued], [1, 0]);
    assert.match(lines.join(""), /1 events were in asynchronous filters/);
    releaseFilter?.();
    await client.flush(1_000);
    assert.deepEqual([counters.dropped.shutdown, counters.queued, keepReasons.length], [1, 0, 0]);
  });

  it("include repeated errors, whose number the next event and the client report have", async () => {
    const { client, advance } = setUp({}, { TELLTALE_REPEATED_ERRORS: "1" });
    const captureOnce = (): string => client.captureMessage("no 1", "info", {}, new Scope());
    const ids = [captureOnce(), captureOnce(), captureOnce()];
    assert.equal(new Set(ids).size, 1, "the id is that of the last event");
    assert.equal(getIsolationScope().lastEventId(), ids[0]);
    advance(5_000);
    const next = captureOnce();
    await client.flush(5_000);
    await receiver.waitFor(({ items }) => items.some(({ type }) => type === "client_report"));
    assert.equal(receiver.events.length, 2);
    // They are sent at the same time, over two connections.
    const [first, second] = [ids[0], next].map((id) =>
      receiver.events.find(({ event_id: found }) => found === id),
    );
    assert.ok(first);
    assert.equal(first.contexts?.["repeated"], undefined);
    const { count, since } = second?.contexts?.["repeated"] ?? {};
    assert.equal(count, 2);
    assert.ok(Date.parse(String(since)) <= Date.now());
    const report = receiver.items.find(({ type }) => type === "client_report")?.payload;
    assert.deepEqual((report as { discarded_events: unknown }).discarded_events, [
      { reason: "backpressure", category: "error", quantity: 2 },
    ]);
  });

  it("are sent to Sentry in a client report, without those that Sentry counts itself", async () => {
    const { client, capture } = setUp({ sampleRate: 0 });
    capture(new Error("one"));
    capture(new Error("two"));
    await client.flush(5_000);
    await receiver.waitFor(({ items }) => items.length > 0);
    const [{ type, payload } = { type: "", payload: {} }] = receiver.items;
    assert.equal(type, "client_report");
    assert.deepEqual((payload as { discarded_events: unknown }).discarded_events, [
      { reason: "sample_rate", category: "error", quantity: 2 },
    ]);
  });
});

/** Whether the event was captured in the request, unlike a message. */
function isOfError({ exception, level }: ReceivedEvent): boolean {
  return exception !== undefined && level === "error";
}

function captureOne({ capture }: ClientFixture): void {
  capture(new Error("one"));
}

function checkInTwice(client: SentryClient): void {
  const checkInId = client.captureCheckIn({ monitorSlug: "report", status: "in_progress" });
  client.captureCheckIn({ monitorSlug: "report", status: "ok", checkInId, duration: 1 });
}

function captureThree({ capture }: ClientFixture): void {
  capture(new Error("one"));
  capture("two");
  capture(new RangeError("three"));
}
