import assert from "node:assert/strict";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { Account } from "../../src/diagnostics/account.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import type { ExitRequest } from "../../src/export/exit.ts";
import type { Outcome, Sender } from "../../src/export/sender.ts";
import { View } from "../../src/metrics/points.ts";
import { countPoints, Push } from "../../src/metrics/push.ts";
import { createGround, numbersOf } from "./ground.ts";

const delivered: Outcome = { delivered: true, rejected: 0, holdMs: 0 };

/** A sender that a test holds in its hands. */
class Hand implements Sender<ResourceMetrics> {
  readonly sent: ResourceMetrics[] = [];
  readonly requested: ResourceMetrics[] = [];
  readonly settles: ((delivered: boolean, rejected: number) => void)[] = [];
  isWithKernel = false;
  answer: (payload: ResourceMetrics) => Promise<Outcome> = async () => delivered;

  async send(payload: ResourceMetrics): Promise<Outcome> {
    this.sent.push(payload);
    return this.answer(payload);
  }

  abandon(): boolean {
    return this.isWithKernel;
  }

  request(
    payload: ResourceMetrics,
    settle: (delivered: boolean, rejected: number) => void,
  ): ExitRequest {
    this.requested.push(payload);
    this.settles.push(settle);
    return { kind: "http" } as ExitRequest;
  }
}

function create(temporality: "cumulative" | "delta" = "cumulative"): {
  readonly push: Push;
  readonly hand: Hand;
  readonly account: Account;
  readonly lines: string[];
  readonly add: (value: number) => void;
} {
  const { store } = createGround();
  const counter = store.provider.getMeter("app").createCounter("c");
  const view = new View(temporality, store.began);
  const hand = new Hand();
  const account = new Account();
  const lines: string[] = [];
  const push = new Push({
    intervalMs: 5,
    timeoutMs: 1000,
    account,
    diagnostics: new Diagnostics("debug", (text) => lines.push(text)),
    sender: () => hand,
    collect: (options) => store.collect(view, options),
    collectNow: () => store.collectNow(view),
  });
  return { push, hand, account, lines, add: (value) => counter.add(value, { a: 1 }) };
}

/** What an export ends with -> the books. */
const outcomes: readonly (readonly [
  string,
  Outcome,
  Partial<Account>,
  Partial<Account["dropped"]>,
])[] = [
  ["all taken", delivered, { made: 1, sent: 1 }, {}],
  [
    "not delivered",
    { delivered: false, rejected: 0, holdMs: 0 },
    { made: 1, sent: 0 },
    { failed: 1 },
  ],
  [
    "partly rejected",
    { delivered: true, rejected: 1, holdMs: 0 },
    { made: 1, sent: 0 },
    { rejected: 1 },
  ],
  [
    "more rejected than there was",
    { delivered: true, rejected: 9, holdMs: 0 },
    { made: 1, sent: 0 },
    { rejected: 1 },
  ],
];

describe("Pushed metrics", () => {
  for (const [title, outcome, books, dropped] of outcomes) {
    it(`are counted: ${title}`, async () => {
      const { push, hand, account, add } = create();
      hand.answer = async () => outcome;
      add(1);
      await push.flush(1000);
      for (const [name, value] of Object.entries(books)) {
        assert.equal(account[name as "made"], value, name);
      }
      for (const [reason, count] of Object.entries(dropped)) {
        assert.equal(account.dropped[reason as "failed"], count, reason);
      }
      assert.equal(account.queued, 0);
    });
  }

  it("go out at the interval, one export at a time", async () => {
    const { push, hand, add } = create();
    let land: (outcome: Outcome) => void = () => {};
    hand.answer = () => new Promise((resolve) => (land = resolve));
    add(1);
    push.start();
    while (hand.sent.length === 0) await tick();
    for (let round = 0; round < 10; round += 1) await tick();
    assert.equal(hand.sent.length, 1);
    land(delivered);
    while (hand.sent.length === 1) await tick();
    land(delivered);
  });

  it("say so once, and go on, when the sender throws", async () => {
    const { push, hand, account, lines, add } = create();
    hand.answer = async () => {
      throw new Error("no chunk");
    };
    add(1);
    await push.flush(1000);
    await push.flush(1000);
    assert.equal(account.dropped.failed, 2);
    assert.equal(lines.length, 1);
    hand.answer = async () => delivered;
    await push.flush(1000);
    assert.equal(account.sent, 1);
  });

  it("don't make a flush take longer than it may", async () => {
    const { push, hand, add } = create();
    hand.answer = () => new Promise(() => {});
    add(1);
    const before = performance.now();
    await push.flush(30);
    assert.ok(performance.now() - before < 8000);
  });

  it("at the end are the last numbers", () => {
    const { push, hand, account, add } = create();
    add(5);
    assert.equal(push.pending().map((make) => make()).length, 1);
    assert.equal(numbersOf(hand.requested[0]!, "c")[0]?.value, 5);
    assert.equal(account.queued, 1);
    hand.settles[0]?.(true, 0);
    assert.deepEqual([account.sent, account.queued], [1, 0]);
  });

  it("at the end include what was under way, so that no delta is missing", async () => {
    const { push, hand, account, add } = create("delta");
    hand.answer = () => new Promise(() => {});
    add(5);
    void push.flush(1000);
    while (hand.sent.length === 0) await tick();
    add(2);
    assert.equal(push.pending().map((make) => make()).length, 2);
    const values = hand.requested.map((metrics) => numbersOf(metrics, "c")[0]?.value);
    assert.deepEqual(values, [5, 2]);
    hand.settles[0]?.(true, 0);
    hand.settles[1]?.(false, 0);
    assert.deepEqual(
      [account.made, account.sent, account.dropped.shutdown, account.queued],
      [2, 1, 1, 0],
    );
  });

  it("at the end leave alone what the kernel has", async () => {
    const { push, hand, account, add } = create("delta");
    hand.answer = () => new Promise(() => {});
    hand.isWithKernel = true;
    add(5);
    void push.flush(1000);
    while (hand.sent.length === 0) await tick();
    assert.deepEqual(push.pending(), []);
    assert.deepEqual([account.made, account.sent, account.queued], [1, 1, 0]);
  });

  it("are none while there is nothing to tell", async () => {
    const { push, hand } = create();
    await push.flush(1000);
    assert.deepEqual(push.pending(), []);
    assert.deepEqual(hand.sent, []);
  });

  it("count points", () => {
    const { store, take } = createGround();
    const counter = store.provider.getMeter("app").createCounter("c");
    counter.add(1, { a: 1 });
    counter.add(1, { a: 2 });
    assert.equal(countPoints(take()), 2);
  });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
