import assert from "node:assert/strict";
import { rmSync, truncateSync } from "node:fs";
import {
  createEnvelope,
  type DataCategory,
  type Envelope,
  type EventHint,
  Scope,
} from "@sentry/core";
import type { ServerRuntimeClientOptions } from "@sentry/core/server";
import { type DropReason, EventCounters } from "../../src/diagnostics/telemetry-counters.ts";
import type { EnvelopeTransport } from "../../src/errors/transport/transport.ts";
import { parseEnvelope } from "../../src/testing/envelope.ts";
import type { Fault } from "../../src/testing/fault.ts";
import type { ReceivedClientReport } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { pollUntilTrue } from "../until.ts";
import {
  captureFeedbackTwice,
  type ClientFixture,
  type ClientFixtureOptions,
  createClientFixture,
} from "./client-fixture.ts";
import { createTemporaryFolder, type TemporaryFolder } from "./spool/folder.ts";

/** Something that can be lost: in one envelope. */
interface LosableItem {
  readonly title: string;
  /** Its items, by category. */
  readonly quantities: Readonly<Partial<Record<DataCategory, number>>>;
  /** Number of items that the counters have. */
  readonly counted: number;
  readonly send: (fixture: ClientFixture) => void;
}

const attachments: NonNullable<EventHint["attachments"]> = [
  { filename: "a.txt", data: "a" },
  { filename: "b.txt", data: "b" },
];

const items: readonly LosableItem[] = [
  {
    title: "an error",
    quantities: { error: 1 },
    counted: 1,
    send: ({ client }) => void client.captureException(new Error("lost"), {}, new Scope()),
  },
  {
    title: "a message",
    quantities: { error: 1 },
    counted: 1,
    send: ({ client }) => void client.captureMessage("lost", "info", {}, new Scope()),
  },
  {
    title: "an error with attachments",
    quantities: { error: 1, attachment: 2 },
    counted: 1,
    send: sendWithAttachments,
  },
  {
    title: "feedback",
    quantities: { feedback: 1 },
    counted: 1,
    send: ({ client }) =>
      void client.captureEvent(
        { type: "feedback", contexts: { feedback: { message: "slow" } } },
        {},
        new Scope(),
      ),
  },
  {
    title: "a check-in",
    quantities: { monitor: 1 },
    counted: 1,
    send: ({ client }) => void client.captureCheckIn({ monitorSlug: "report", status: "ok" }),
  },
  {
    title: "a count of sessions",
    quantities: { session: 1 },
    counted: 0,
    send({ client, sessions }) {
      sessions.push({ ...noSessions, exited: 3 });
      client.sendSessions();
    },
  },
  {
    title: "a batch of three logs of the app's own Sentry",
    quantities: { log_item: 3 },
    counted: 0,
    send: ({ client }) => void client.sendEnvelope(envelopeOf("log", 3)),
  },
];

/** How one envelope is lost, after it left the filters. */
interface LossInTransport {
  readonly title: string;
  /** Sentry's answers until it is lost. */
  readonly faults?: (item: LosableItem) => readonly Fault[];
  /** Prepares the loss. Returns what ends it. */
  readonly prepare?: (fixture: ClientFixture) => (() => void) | undefined;
  /** Undefined: Sentry counts it itself. */
  readonly reason: string | undefined;
  readonly dropped: DropReason;
}

const answer = (status: number, times = 1): readonly Fault[] => [{ kind: "status", status, times }];
const limitOf = (categories: string): readonly Fault[] => {
  const headers = { "x-sentry-rate-limits": `60:${categories}:organization` };
  return [{ kind: "status", status: 200, headers, times: 1 }];
};

const lossesInTransport: readonly LossInTransport[] = [
  ...[302, 400, 403, 413].map((status) => ({
    title: `that is answered with ${status}`,
    faults: () => answer(status),
    reason: "send_error",
    dropped: "rejected" as const,
  })),
  {
    title: "that is answered with 429",
    faults: () => answer(429),
    reason: undefined,
    dropped: "rejected",
  },
  ...[500, 503].map((status) => ({
    title: `that is answered three times with ${status}`,
    faults: () => answer(status, 3),
    reason: "send_error",
    dropped: "rejected" as const,
  })),
  {
    title: "whose connection is closed three times",
    faults: () => [{ kind: "close", times: 3 }],
    reason: "network_error",
    dropped: "failed",
  },
  {
    title: "whose category is limited while it is queued",
    faults: ({ quantities }) => limitOf(Object.keys(quantities)[0] ?? ""),
    prepare: (fixture) => fillConnections(fixture),
    reason: "ratelimit_backoff",
    dropped: "rejected",
  },
  {
    title: "while everything is limited",
    faults: () => limitOf(""),
    prepare: (fixture) => fillConnections(fixture),
    reason: "ratelimit_backoff",
    dropped: "rejected",
  },
  {
    title: "when the queue is full",
    prepare: (fixture) => fillConnections(fixture, 256),
    reason: "queue_overflow",
    dropped: "queue_full",
  },
  {
    title: "for which a hook of the app throws",
    prepare: ({ client }) =>
      client.on("beforeEnvelope", () => {
        throw new Error("a faulty hook");
      }),
    reason: "internal_sdk_error",
    dropped: "failed",
  },
  {
    title: "that cannot be serialised",
    prepare: ({ client }) =>
      client.on("beforeEnvelope", ([, [first]]) => {
        if (first !== undefined) Object.assign(first[0], { length: 1n });
      }),
    reason: "internal_sdk_error",
    dropped: "failed",
  },
];

/** How items are lost before they become an envelope, or on disk. */
interface Loss {
  readonly title: string;
  readonly options?: Partial<ServerRuntimeClientOptions>;
  readonly env?: Readonly<Record<string, string>>;
  readonly lose: (fixture: ClientFixture) => void | Promise<void>;
  readonly created: number;
  readonly sent?: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Quantities by reason and category. */
  readonly report: Readonly<Record<string, number>>;
}

const noSessions = { started: new Date(0).toISOString(), exited: 0, errored: 0, crashed: 0 };

const throwing = (): never => {
  throw new Error("faulty");
};

const lossesBefore: readonly Loss[] = [
  {
    title: "a sampled-out error",
    options: { sampleRate: 0 },
    lose: sendError,
    created: 1,
    dropped: { unsampled: 1 },
    report: { "sample_rate error": 1 },
  },
  {
    title: "an ignored error",
    env: { TELLTALE_IGNORE_ERRORS: "Error" },
    lose: sendError,
    created: 1,
    dropped: { filtered: 1 },
    report: { "event_processor error": 1 },
  },
  {
    title: "repeated errors",
    env: { TELLTALE_REPEATED_ERRORS: "1" },
    lose(fixture) {
      for (let count = 0; count < 3; count++) fixture.capture(new Error("again"));
    },
    created: 3,
    sent: 1,
    dropped: { repeated: 2 },
    report: { "backpressure error": 2 },
  },
  {
    title: "an error that beforeSend drops",
    options: { beforeSend: () => null },
    lose: sendError,
    created: 1,
    dropped: { filtered: 1 },
    report: { "before_send error": 1 },
  },
  {
    title: "an error for which beforeSend returns no event",
    options: { beforeSend: () => "no event" as never },
    lose: sendError,
    created: 1,
    dropped: { filtered: 1 },
    report: { "before_send error": 1 },
  },
  {
    title: "an error whose beforeSend throws",
    options: { beforeSend: throwing },
    lose: sendError,
    created: 1,
    dropped: { filtered: 1 },
    report: { "callback_error error": 1 },
  },
  {
    title: "an error whose asynchronous beforeSend rejects",
    options: { beforeSend: () => Promise.reject(new Error("faulty")) },
    lose: sendError,
    created: 1,
    dropped: { filtered: 1 },
    report: { "callback_error error": 1 },
  },
  {
    title: "an error and feedback that an event processor drops",
    lose(fixture) {
      fixture.client.addEventProcessor(() => null);
      sendError(fixture);
      captureFeedbackTwice(fixture);
    },
    created: 3,
    dropped: { filtered: 3 },
    report: { "event_processor error": 1, "event_processor feedback": 2 },
  },
  {
    title: "errors whose asynchronous event processors drop them at the same time",
    lose(fixture) {
      fixture.client.addEventProcessor(async ({ exception }) => {
        await Promise.resolve();
        if (exception?.values?.at(-1)?.value === "faulty") throwing();
        return null;
      });
      for (const message of ["one", "faulty", "two"]) fixture.capture(new Error(message));
    },
    created: 3,
    dropped: { filtered: 3 },
    report: { "event_processor error": 2, "callback_error error": 1 },
  },
  {
    title: "errors and messages beyond the number that asynchronous filters may hold",
    options: {
      beforeSend: async (event) => {
        await new Promise((resolve) => setImmediate(resolve));
        return event;
      },
    },
    lose(fixture) {
      for (let count = 0; count < 65; count++) sendError(fixture);
      fixture.client.captureMessage("one more", "info", {}, new Scope());
    },
    created: 66,
    sent: 64,
    dropped: { queue_full: 2 },
    report: { "queue_overflow error": 2 },
  },
  {
    title: "an error and feedback whose scope cannot be read",
    lose({ client }) {
      const hint = { captureContext: throwing };
      client.captureException(new Error("one"), hint, new Scope());
      client.captureEvent({ type: "feedback" }, hint, new Scope());
    },
    created: 2,
    dropped: { failed: 2 },
    report: { "internal_sdk_error error": 1, "internal_sdk_error feedback": 1 },
  },
  {
    title: "an event that is none",
    lose: ({ client }) => void client.captureEvent(undefined as never, {}, new Scope()),
    created: 1,
    dropped: { failed: 1 },
    report: { "internal_sdk_error error": 1 },
  },
  {
    // Sentry's client captures what the hook has thrown.
    title: "an error whose processing fails in a hook of the app",
    lose(fixture) {
      const remove = fixture.client.on("postprocessEvent", (_event, hint) => {
        if (hint?.data === undefined) throwing();
      });
      sendError(fixture);
      remove();
    },
    created: 2,
    sent: 1,
    dropped: { failed: 1 },
    report: { "internal_sdk_error error": 1 },
  },
  {
    title: "an error with attachments that a hook of the app does not let pass",
    lose(fixture) {
      const remove = fixture.client.on("beforeSendEvent", throwing);
      sendWithAttachments(fixture);
      remove();
    },
    created: 1,
    dropped: { failed: 1 },
    report: { "internal_sdk_error error": 1, "internal_sdk_error attachment": 2 },
  },
  {
    title: "counts of sessions that a hook of the app does not let pass",
    lose({ client, sessions }) {
      const remove = client.on("beforeSendSession", throwing);
      sessions.push({ ...noSessions, exited: 3 });
      client.sendSessions();
      remove();
    },
    created: 0,
    dropped: {},
    report: { "internal_sdk_error session": 1 },
  },
  {
    title: "no event that the app sends past the filters, which is sent",
    lose: ({ client }) => client.sendEvent({ message: "by the app" }),
    created: 1,
    sent: 1,
    dropped: {},
    report: {},
  },
];

describe("A client report", () => {
  let receiver: Receiver;
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = createTemporaryFolder();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    folder.remove();
    await receiver.close();
  });

  const setUp = (changes: Omit<ClientFixtureOptions, "dsn"> = {}): ClientFixture => {
    const { options, ...others } = changes;
    return createClientFixture({
      dsn: receiver.dsn,
      options: { release: "1.0", ...options },
      ...others,
    });
  };

  /** Flushes until nothing is queued and as much is reported as expected. Returns all that is reported. */
  const reportedOf = async (
    { client, counters }: ClientFixture,
    expected: Readonly<Record<string, number>>,
  ): Promise<Record<string, number>> => {
    const total = sumOf(expected);
    await pollUntilTrue(
      async () => {
        await client.flush(5_000);
        return counters.queued === 0 && sumOf(totals(receiver.clientReports)) >= total;
      },
      () => JSON.stringify([counters, receiver.clientReports]),
    );
    // Whatever is reported too much.
    await client.flush(5_000);
    return totals(receiver.clientReports);
  };

  const rows = lossesInTransport.flatMap((loss) => items.map((item) => [loss, item] as const));
  for (const [{ title, faults, prepare, reason, dropped }, item] of rows) {
    it(`has ${item.title} ${title}${reason === undefined ? ", which Sentry counts: none" : ""}`, async () => {
      const fixture = setUp();
      const { counters } = fixture;
      receiver.setFaults(...(faults?.(item) ?? []));
      const end = prepare?.(fixture);
      item.send(fixture);
      end?.();
      if (faults !== undefined)
        await receiver.waitFor(({ requests }) => requests.length > 0, "a request");
      const expected = reason === undefined ? {} : reportOf(reason, item.quantities);
      assert.deepEqual(await reportedOf(fixture, expected), expected);
      assert.deepEqual(
        [counters.created, counters.sent, counters.dropped[dropped]],
        [item.counted, 0, item.counted],
      );
    });
  }

  for (const { title, options, env, lose, created, sent = 0, dropped, report } of lossesBefore) {
    it(`has ${title}`, async () => {
      const fixture = setUp({ options, env });
      const { counters } = fixture;
      await lose(fixture);
      assert.deepEqual(await reportedOf(fixture, report), report);
      assert.deepEqual([counters.created, counters.sent], [created, sent]);
      assert.deepEqual(counters.dropped, { ...new EventCounters().dropped, ...dropped });
    });
  }

  const lossesOnDisk: readonly {
    readonly title: string;
    readonly damage?: () => void;
    readonly faults?: readonly Fault[];
    readonly reason: string;
    readonly dropped: DropReason;
  }[] = [
    {
      title: "that another program has deleted",
      damage: () => folder.files().forEach(({ path }) => rmSync(path)),
      reason: "internal_sdk_error",
      dropped: "failed",
    },
    {
      title: "whose file is incomplete",
      damage: () => folder.files().forEach(({ path }) => truncateSync(path, 10)),
      reason: "internal_sdk_error",
      dropped: "failed",
    },
    {
      title: "that Sentry rejects",
      // The first request is a report without losses.
      faults: [
        { kind: "status", status: 200, times: 1 },
        { kind: "status", status: 400, times: 1 },
      ],
      reason: "send_error",
      dropped: "rejected",
    },
  ];
  for (const { title, damage, faults = [], reason, dropped } of lossesOnDisk) {
    it(`has a stored error with attachments ${title}`, async () => {
      const fixture = setUp({ spool: { directory: folder.path, maxBytes: 1_000_000 } });
      const { counters } = fixture;
      receiver.setFaults({ kind: "status", status: 503 });
      sendWithAttachments(fixture);
      await pollUntilTrue(() => counters.stored === 1, "a stored event");
      damage?.();
      receiver.setFaults(...faults);
      const expected = reportOf(reason, { error: 1, attachment: 2 });
      assert.deepEqual(await reportedOf(fixture, expected), expected);
      assert.deepEqual([counters.created, counters.dropped[dropped], counters.stored], [1, 1, 0]);
    });
  }

  it("has the stored errors that are dropped when the folder is full", async () => {
    const fixture = setUp({ spool: { directory: folder.path, maxBytes: 10_000 } });
    const { client, counters } = fixture;
    receiver.setFaults({ kind: "status", status: 503 });
    for (let count = 0; count < 5; count++) {
      const scope = new Scope();
      scope.setExtra("data", "x".repeat(4_000));
      client.captureException(new Error(`no ${count}`), { attachments }, scope);
    }
    await pollUntilTrue(() => counters.stored + counters.droppedTotal === 5, "stored events");
    receiver.setFaults();
    const lost = counters.dropped.queue_full;
    assert.ok(lost > 0 && lost < 5);
    const expected = reportOf("cache_overflow", { error: lost, attachment: 2 * lost });
    assert.deepEqual(await reportedOf(fixture, expected), expected);
    assert.deepEqual([counters.created, counters.sent, counters.droppedTotal], [5, 5 - lost, lost]);
  });

  describe("at process exit", () => {
    const exits: readonly {
      readonly title: string;
      readonly maxBytes?: number;
      readonly prepare: (fixture: ClientFixture) => void | Promise<void>;
      readonly report: Readonly<Record<string, number>>;
    }[] = [
      {
        title: "has errors and feedback in asynchronous filters",
        prepare(fixture) {
          fixture.client.addEventProcessor(() => new Promise(() => {}));
          sendError(fixture);
          captureFeedbackTwice(fixture);
        },
        report: { "event_processor error": 1, "event_processor feedback": 2 },
      },
      {
        title: "is sent though everything is limited",
        async prepare(fixture) {
          receiver.setFaults({ kind: "status", status: 429, times: 1 });
          sendError(fixture);
          await fixture.client.flush(5_000);
          for (const { send } of items) send(fixture);
        },
        report: {
          ...{ "ratelimit_backoff error": 3, "ratelimit_backoff attachment": 2 },
          ...{ "ratelimit_backoff feedback": 1, "ratelimit_backoff monitor": 1 },
          ...{ "ratelimit_backoff session": 1, "ratelimit_backoff log_item": 3 },
        },
      },
      {
        title: "has a stored error, which waits for the end of a limit, in favour of feedback",
        maxBytes: 10_000,
        async prepare({ client, counters }) {
          const extra = { data: "x".repeat(6_000) };
          receiver.setFaults({ kind: "status", status: 503 });
          client.captureEvent({ message: "stored", extra }, {}, new Scope());
          await pollUntilTrue(() => counters.stored === 1, "a stored event");
          receiver.setFaults(...limitOf("error"));
          const transport = client.getTransport() as EnvelopeTransport;
          await pollUntilTrue(() => transport.isLimited("error"), "a limit");
          client.captureEvent({ type: "feedback", extra }, {}, new Scope());
        },
        report: { "cache_overflow error": 1 },
      },
    ];
    for (const { title, maxBytes, prepare, report } of exits) {
      it(title, async () => {
        const fixture = setUp({
          spool: maxBytes === undefined ? undefined : { directory: folder.path, maxBytes },
        });
        await prepare(fixture);
        const bodies = fixture.client
          .drainForExit()
          .flatMap((create) => create()?.body ?? [])
          .map((body) => parseEnvelope(Buffer.from(body), "1", "key"));
        const reports = bodies.flat().filter(({ type }) => type === "client_report");
        assert.deepEqual(
          totals(reports.map(({ payload }) => payload as ReceivedClientReport)),
          report,
        );
        assert.equal(bodies.at(-1)?.[0]?.type, "client_report");
      });
    }
  });
});

function sendError({ client }: ClientFixture): void {
  client.captureException(new Error("lost"), {}, new Scope());
}

function sendWithAttachments({ client }: ClientFixture): void {
  client.captureException(new Error("lost"), { attachments: [...attachments] }, new Scope());
}

/** Occupies all connections, or the queue too, with envelopes of another category. */
function fillConnections({ client }: ClientFixture, count = 8): undefined {
  for (let index = 0; index < count; index++) void client.sendEnvelope(envelopeOf("profile"));
}

function envelopeOf(type: string, itemCount?: number): Envelope {
  const head = itemCount === undefined ? { type } : { type, item_count: itemCount };
  return createEnvelope<Envelope>({}, [[head, {}] as never]);
}

function reportOf(
  reason: string,
  quantities: Readonly<Partial<Record<DataCategory, number>>>,
): Record<string, number> {
  const entries = Object.entries(quantities);
  return Object.fromEntries(entries.map(([category, count]) => [`${reason} ${category}`, count]));
}

/** Returns the quantities of reports by reason and category. */
function totals(reports: readonly ReceivedClientReport[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { reason, category, quantity } of reports.flatMap((report) => report.discarded_events))
    sums[`${reason} ${category}`] = (sums[`${reason} ${category}`] ?? 0) + quantity;
  return sums;
}

function sumOf(quantities: Readonly<Record<string, number>>): number {
  return Object.values(quantities).reduce((sum, quantity) => sum + quantity, 0);
}
