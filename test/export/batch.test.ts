import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once, EventEmitter } from "node:events";
import type { BatchConfig } from "../../src/config/config.ts";
import { isSuppressed } from "../../src/context/context.ts";
import { activeContext } from "../../src/context/manager.ts";
import { Account } from "../../src/diagnostics/account.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { Batch } from "../../src/export/batch.ts";
import type { ExitRequest } from "../../src/export/exit.ts";
import type { Outcome, Sender, Settle } from "../../src/export/sender.ts";
import { batchConfig, booksOf, noTls } from "./pipeline.ts";

const sent: Outcome = { delivered: true, rejected: 0, holdMs: 0 };

/** A sender in the hands of the test: sends end when it says so. */
class Hand implements Sender<number[]> {
  readonly calls: { items: number[]; end(outcome: Outcome): void }[] = [];
  readonly events = new EventEmitter();
  requested: { items: number[]; settle: Settle }[] = [];
  handedOver = false;
  seen: { suppressed: boolean; store: unknown }[] = [];

  send(items: number[]): Promise<Outcome> {
    this.seen.push({ suppressed: isSuppressed(activeContext()), store: appStorage.getStore() });
    return new Promise((resolve) => {
      this.calls.push({ items, end: resolve });
      this.events.emit("call");
    });
  }

  abandon(): boolean {
    return this.handedOver;
  }

  request(items: number[], settle: Settle): ExitRequest {
    this.requested.push({ items, settle });
    const body = new Uint8Array();
    return { kind: "http", url: "http://x/", headers: {}, body, tls: noTls, settle: () => {} };
  }

  /** The `index`-th call, when it has come. */
  async call(index: number): Promise<{ items: number[]; end(outcome: Outcome): void }> {
    while (this.calls.length <= index) await once(this.events, "call");
    return this.calls[index] as (typeof this.calls)[number];
  }
}

const appStorage = new AsyncLocalStorage<string>();

function setUp(
  changes: Partial<BatchConfig>,
  whenAway?: (items: readonly number[]) => number,
): {
  hand: Hand;
  batch: Batch<number>;
  account: Account;
  lines: string[];
  /** What the batch said it needs no more. */
  released: number[];
  add(...items: number[]): void;
} {
  const hand = new Hand();
  const account = new Account();
  const lines: string[] = [];
  const released: number[] = [];
  const batch = new Batch<number>({
    name: "spans",
    config: { ...batchConfig, ...changes },
    account,
    diagnostics: new Diagnostics("info", (line) => lines.push(line)),
    store: (item) => item,
    release: (item) => released.push(item),
    ...(whenAway !== undefined && { whenAway }),
    sender: () => hand,
  });
  const add = (...items: number[]): void => {
    for (const item of items) {
      account.made += 1;
      batch.add(item);
    }
  };
  return { hand, batch, account, lines, released, add };
}

describe("a batch", () => {
  it("exports when it is full, not before its delay", async () => {
    const { hand, add } = setUp({ maxBatchSize: 3 });
    add(1, 2);
    await turn();
    assert.equal(hand.calls.length, 0);
    add(3);
    assert.deepEqual((await hand.call(0)).items, [1, 2, 3]);
  });

  it("exports what there is when the delay is over, again and again", async () => {
    const { hand, add } = setUp({ delayMs: 5 });
    add(1);
    (await awake(hand.call(0))).end(sent);
    await turn();
    add(2);
    const second = await awake(hand.call(1));
    assert.deepEqual(second.items, [2]);
  });

  it("releases what was sent, dropped or found no room, and not what it handed on", async () => {
    const away: number[] = [];
    const { hand, batch, released, add } = setUp({ maxBatchSize: 2, maxQueueSize: 4 }, (items) => {
      away.push(...items);
      return 0;
    });
    add(1, 2);
    const first = await hand.call(0);
    assert.deepEqual(released, [], "while it is sent");
    add(3, 4, 5, 6);
    batch.restore(7);
    assert.deepEqual(released, [7]);
    first.end(sent);
    (await hand.call(1)).end({ ...sent, delivered: false });
    (await hand.call(2)).end({ ...sent, delivered: false, away: true });
    await turn();
    assert.deepEqual(
      [released, away],
      [
        [7, 1, 2, 3, 4],
        [5, 6],
      ],
    );
  });

  it("has one export in flight, and then goes on with what came meanwhile", async () => {
    const { hand, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    const first = await hand.call(0);
    add(3, 4, 5, 6, 7);
    await turn();
    assert.equal(hand.calls.length, 1);
    first.end(sent);
    const second = await hand.call(1);
    assert.deepEqual(second.items, [3, 4]);
    second.end(sent);
    assert.deepEqual((await hand.call(2)).items, [5, 6]);
  });

  it("drops the newest when full, says so once, and once that it drains again", async () => {
    const { hand, account, lines, add } = setUp({ maxQueueSize: 4, maxBatchSize: 4 });
    add(1, 2, 3, 4);
    const first = await hand.call(0);
    add(5, 6, 7, 8, 9, 10, 11);
    assert.deepEqual(booksOf(account), { queued: 8, queue_full: 3 });
    first.end(sent);
    const second = await hand.call(1);
    assert.deepEqual(second.items, [5, 6, 7, 8]);
    assert.equal(lines.length, 1, "said to drain when it was full");
    second.end(sent);
    await turn();
    assert.deepEqual(booksOf(account), { sent: 8, queue_full: 3 });
    assert.deepEqual(lines, [
      "telltale: the queue of spans is full (4); new ones are dropped and counted until it drains\n",
      "telltale: the queue of spans drains again; 3 were dropped\n",
    ]);
  });

  const outcomes: { title: string; outcome: Outcome; books: Record<string, number> }[] = [
    { title: "sent", outcome: sent, books: { sent: 2 } },
    { title: "failed", outcome: { ...sent, delivered: false }, books: { failed: 2 } },
    { title: "rejected", outcome: { ...sent, rejected: 1 }, books: { sent: 1, rejected: 1 } },
    // A peer that claims to have refused more than it got.
    { title: "rejected", outcome: { ...sent, rejected: 99 }, books: { rejected: 2 } },
  ];
  for (const { title, outcome, books } of outcomes) {
    it(`counts items as ${title} when the outcome is ${JSON.stringify(outcome)}`, async () => {
      const { hand, account, add } = setUp({ maxBatchSize: 2 });
      add(1, 2);
      assert.deepEqual(booksOf(account), { queued: 2 });
      (await hand.call(0)).end(outcome);
      await turn();
      assert.deepEqual(booksOf(account), books);
    });
  }

  it("leaves a peer alone for as long as it asks", async () => {
    const { hand, batch, add } = setUp({ maxBatchSize: 1, delayMs: 1 });
    add(1);
    (await hand.call(0)).end({ delivered: false, rejected: 0, holdMs: 50 });
    const start = performance.now();
    await turn();
    add(2);
    const flushed = batch.flush(5000);
    (await hand.call(1)).end(sent);
    await flushed;
    assert.ok(performance.now() - start >= 45, `after ${performance.now() - start} ms`);
  });

  it("flushes what is in flight and what is queued, and nothing that comes later", async () => {
    const { hand, batch, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    const first = await hand.call(0);
    add(3);
    let flushed = false;
    const flush = batch.flush(5000).then(() => (flushed = true));
    first.end(sent);
    const second = await hand.call(1);
    add(4);
    assert.deepEqual(second.items, [3]);
    assert.equal(flushed, false);
    second.end(sent);
    await flush;
    assert.equal(hand.calls.length, 2);
  });

  it("ends a flush when its time is over, whatever the peer does", async () => {
    const { hand, batch, account, add } = setUp({});
    add(1);
    await batch.flush(20);
    assert.equal(hand.calls.length, 1);
    assert.deepEqual(booksOf(account), { queued: 1 });
  });

  it("flushes at once when there is nothing", async () => {
    const { batch } = setUp({});
    let isFlushed = false;
    const flushed = batch.flush(5000).then(() => (isFlushed = true));
    await turn();
    assert.equal(isFlushed, true);
    await flushed;
  });

  it("leaves no trace, and doesn't keep the context of the request that filled or flushed it", async () => {
    const { hand, batch, add } = setUp({ maxBatchSize: 2 });
    appStorage.run("a request", () => add(1, 2));
    (await hand.call(0)).end(sent);
    add(3);
    const flushed = appStorage.run("a request", () => batch.flush(5000));
    (await hand.call(1)).end(sent);
    await flushed;
    const outside = { suppressed: true, store: undefined };
    assert.deepEqual(hand.seen, [outside, outside]);
  });

  it("survives a sender that can't be made or throws, with one line", async () => {
    const account = new Account();
    const lines: string[] = [];
    const batch = new Batch<number>({
      name: "spans",
      config: batchConfig,
      account,
      diagnostics: new Diagnostics("info", (line) => lines.push(line)),
      store: (item) => item,
      sender: () => {
        throw new Error("no chunk");
      },
    });
    account.made = 2;
    batch.add(1);
    await batch.flush(5000);
    batch.add(2);
    assert.deepEqual(
      batch.pending().map((make) => make()),
      [undefined],
    );
    assert.deepEqual(booksOf(account), { failed: 2 });
    assert.deepEqual(lines, ["telltale: spans could not be exported: Error: no chunk\n"]);
  });

  it("gives out at the end what the peer hasn't got, in batches, once", async () => {
    const { hand, batch, account, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    const flying = await hand.call(0);
    add(3, 4, 5);
    const pending = batch.pending();
    assert.equal(hand.requested.length, 0);
    for (const make of pending) make();
    assert.deepEqual(
      hand.requested.map(({ items }) => items),
      [[1, 2], [3, 4], [5]],
    );
    assert.deepEqual(batch.pending(), []);
    flying.end({ delivered: false, rejected: 0, holdMs: 0 });
    await turn();
    hand.requested[0]?.settle(true, 1);
    hand.requested[1]?.settle(true, 0);
    hand.requested[2]?.settle(false, 0);
    assert.deepEqual(booksOf(account), { sent: 3, rejected: 1, shutdown: 1 });
  });

  it("leaves to the kernel at the end what the kernel has", async () => {
    const { hand, batch, add } = setUp({ maxBatchSize: 2 });
    add(1, 2);
    await hand.call(0);
    add(3);
    hand.handedOver = true;
    for (const make of batch.pending()) make();
    assert.deepEqual(
      hand.requested.map(({ items }) => items),
      [[3]],
    );
  });
});

/** All that is ready to run has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Timers of ours don't keep the test runner awake. */
async function awake<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, 1000);
  return work.finally(() => clearInterval(hold));
}
