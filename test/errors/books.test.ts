import assert from "node:assert/strict";
import { Scope } from "@sentry/core";
import type { ServerRuntimeClientOptions } from "@sentry/core/server";
import { Holder, type KeepReason } from "../../src/context/holder.ts";
import { ROOT } from "../../src/context/context.ts";
import { runIn } from "../../src/context/manager.ts";
import { Account, type DropReason } from "../../src/diagnostics/account.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { EventClient } from "../../src/errors/event-client.ts";
import { stackParser } from "../../src/errors/stack.ts";
import { EnvelopeTransport } from "../../src/errors/transport.ts";
import { type Receiver, startReceiver } from "../../src/receiver/receiver.ts";

interface Setup {
  readonly client: EventClient;
  readonly account: Account;
  readonly lines: string[];
  readonly kept: KeepReason[];
  /** Captures in a request. */
  capture(error: unknown): void;
}

/** What is done to events, and what the books say afterwards. */
const cases: readonly {
  readonly title: string;
  readonly options?: Partial<ServerRuntimeClientOptions>;
  readonly capture?: (setup: Setup) => void;
  readonly made?: number;
  readonly sent?: number;
  readonly dropped?: Partial<Record<DropReason, number>>;
  readonly kept?: number;
  readonly says?: RegExp;
}[] = [
  { title: "three errors", capture: captureThree, made: 3, sent: 3, kept: 3 },
  {
    title: "the same error twice",
    capture({ capture }) {
      const error = new Error("once");
      capture(error);
      capture(error);
    },
    made: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "events that were sampled out",
    options: { sampleRate: 0 },
    capture: captureThree,
    made: 3,
    dropped: { unsampled: 3 },
  },
  {
    title: "events that beforeSend drops",
    options: { beforeSend: () => null },
    made: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "events whose beforeSend throws",
    options: {
      beforeSend() {
        throw new Error("a faulty filter");
      },
    },
    made: 1,
    dropped: { filtered: 1 },
    says: /a filter of the app's threw/,
  },
  {
    title: "events whose beforeSend takes its time",
    options: { beforeSend: (event) => Promise.resolve(event) },
    made: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "events whose beforeSend drops them after a while",
    options: { beforeSend: () => Promise.resolve(null) },
    made: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "events that a processor drops",
    capture({ client, capture }) {
      client.addEventProcessor((event) => (event.level === "error" ? null : event));
      capture(new Error("dropped"));
      client.captureMessage("passed", "info", {}, new Scope());
    },
    made: 2,
    sent: 1,
    dropped: { filtered: 1 },
  },
  {
    title: "an error whose getters throw, of which the rest is sent",
    capture({ capture }) {
      capture({
        get message(): string {
          throw new Error("no message");
        },
      });
    },
    made: 1,
    sent: 1,
    kept: 1,
  },
  {
    title: "an error with a stack that is no text",
    capture({ capture }) {
      capture(Object.assign(new Error("odd"), { stack: 12 }));
    },
    made: 1,
    sent: 1,
    kept: 1,
  },
];

describe("The books of events", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const setUp = (changes: Partial<ServerRuntimeClientOptions> = {}): Setup => {
    const account = new Account();
    const lines: string[] = [];
    const diagnostics = new Diagnostics("info", (line) => lines.push(line));
    const client: EventClient = new EventClient(
      {
        dsn: receiver.dsn,
        integrations: [],
        stackParser,
        traceLifecycle: "static",
        sendClientReports: true,
        dataCollection: { frameContextLines: 0 },
        transport: ({ url }) =>
          new EnvelopeTransport({
            url,
            headers: {},
            account,
            diagnostics,
            recordDroppedEvent: (...loss) => client.lose(...loss),
          }),
        ...changes,
      },
      { account, diagnostics },
    );
    const kept: KeepReason[] = [];
    const holder = new Holder();
    holder.localTrace = { kept: false, keep: (reason) => void kept.push(reason) };
    const context = ROOT.withHolder(holder);
    const capture = (error: unknown): void => {
      runIn(context, () => client.captureException(error, {}, new Scope()));
    };
    return { client, account, lines, kept, capture };
  };

  for (const { title, options, capture = captureOne, ...expected } of cases) {
    it(`balance for ${title}`, async () => {
      const setup = setUp(options);
      capture(setup);
      const { account, client, lines, kept } = setup;
      await new Promise(setImmediate);
      assert.equal(await client.flush(5_000), true);
      const { made = 0, sent = 0, dropped = {} } = expected;
      assert.deepEqual([account.made, account.sent, account.queued], [made, sent, 0]);
      assert.deepEqual(account.dropped, { ...new Account().dropped, ...dropped });
      assert.equal(receiver.events.length, sent);
      assert.deepEqual(
        kept,
        Array.from({ length: expected.kept ?? 0 }, () => "error_captured"),
      );
      if (expected.says === undefined) assert.deepEqual(lines, []);
      else assert.match(lines.join(""), expected.says);
    });
  }

  it("balance for events during a pause that Sentry asked for, which keep no trace", async () => {
    const { account, capture, client, kept } = setUp();
    receiver.setFaults({ kind: "status", status: 429, headers: { "retry-after": "60" } });
    capture(new Error("the first"));
    await client.flush(5_000);
    capture(new Error("the second"));
    await client.flush(5_000);
    assert.deepEqual([account.made, account.dropped.rejected, account.queued], [2, 2, 0]);
    assert.equal(kept.length, 1);
  });

  it("balance at the end of the process, where what waits is handed over", () => {
    const { account, capture, client } = setUp();
    capture(new Error("at the end"));
    const requests = client.pending().map((make) => make());
    assert.equal(requests.length, 1);
    assert.deepEqual([account.made, account.queued], [1, 1]);
    requests[0]?.settle(true);
    assert.deepEqual([account.sent, account.queued], [1, 0]);
  });

  it("balance at the end of the process with a filter that is not through", async () => {
    let open: (() => void) | undefined;
    const gate = new Promise<null>((resolve) => {
      open = () => resolve(null);
    });
    const { account, capture, client, lines, kept } = setUp({ beforeSend: () => gate });
    capture(new Error("in a filter"));
    assert.deepEqual(client.pending(), []);
    assert.deepEqual([account.dropped.shutdown, account.queued], [1, 0]);
    assert.match(lines.join(""), /1 events were in asynchronous filters/);
    open?.();
    await client.flush(1_000);
    assert.deepEqual([account.dropped.shutdown, account.queued, kept.length], [1, 0, 0]);
  });

  it("are told to Sentry as far as it doesn't know them", async () => {
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

function captureOne({ capture }: Setup): void {
  capture(new Error("one"));
}

function captureThree({ capture }: Setup): void {
  capture(new Error("one"));
  capture("two");
  capture(new RangeError("three"));
}
