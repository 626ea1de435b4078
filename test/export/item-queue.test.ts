import assert from "node:assert/strict";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { SignalCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { ItemQueue } from "../../src/export/item-queue.ts";
import { Random, testSeed } from "../random.ts";

/** Items above this are preferred. */
const PREFERRED_FROM = 1000;
const CAPACITY = 6;

interface TestQueue {
  readonly queue: ItemQueue<number, number>;
  readonly counters: SignalCounters;
  readonly released: number[];
  add(...items: number[]): void;
}

function setUp(capacity = CAPACITY): TestQueue {
  const counters = new SignalCounters();
  const released: number[] = [];
  const queue = new ItemQueue<number, number>(
    {
      name: "items",
      counters,
      diagnostics: new Diagnostics("none", () => {}),
      encode: (item) => item,
      isPreferred: (item) => item >= PREFERRED_FROM,
      release: (item) => released.push(item),
    },
    capacity,
  );
  const add = (...items: number[]): void => {
    for (const item of items) {
      counters.created++;
      queue.add(item);
    }
  };
  return { queue, counters, released, add };
}

describe("A full queue", () => {
  const rows: readonly {
    readonly title: string;
    readonly added: readonly number[];
    readonly kept: readonly number[];
    readonly released?: readonly number[];
  }[] = [
    { title: "drops the newest item", added: [1, 2, 3, 4, 5, 6, 7], kept: [1, 2, 3, 4, 5, 6] },
    {
      title: "keeps a preferred item in the place of the newest other one",
      added: [1, 2, 3, 4, 5, 6, 1001],
      kept: [1, 2, 3, 4, 5, 1001],
      released: [6],
    },
    {
      title: "keeps several preferred items",
      added: [1, 2, 1001, 4, 5, 6, 1002, 1003, 1004],
      kept: [1, 2, 1001, 1004, 1003, 1002],
      released: [6, 5, 4],
    },
    {
      title: "drops a preferred item if all are",
      added: [1001, 1002, 1003, 1004, 1005, 1006, 1007, 8],
      kept: [1001, 1002, 1003, 1004, 1005, 1006],
    },
  ];
  for (const { title, added, kept, released: expected = [] } of rows) {
    it(title, () => {
      const { queue, counters, released, add } = setUp();
      add(...added);
      assert.deepEqual(counters.dropped.queue_full, added.length - kept.length);
      assert.deepEqual(released, expected);
      assert.deepEqual(queue.takeAll(), kept);
    });
  }

  it("keeps preferred items after others were taken", () => {
    const { queue, add } = setUp();
    add(1001, 2, 3, 4, 5, 6);
    assert.deepEqual(queue.take(3), [1001, 2, 3]);
    add(7, 8, 9, 1002, 1003, 1004, 1005, 1006, 1007, 1008);
    assert.deepEqual(queue.takeAll(), [1007, 1006, 1005, 1004, 1003, 1002]);
  });

  it("keeps the same for encoded items that return", () => {
    const { queue, released, add } = setUp(3);
    queue.addEncoded(1, false);
    queue.addEncoded(1001, true);
    queue.addEncoded(3, false);
    queue.addEncoded(1002, true);
    assert.deepEqual(released, [1002]);
    add(1003, 1004, 1005);
    assert.deepEqual(queue.takeAll(), [1004, 1001, 1003]);
  });

  const seed = testSeed();
  it(`counts each of a million random items once, and drops a preferred one only for another (seed ${seed})`, () => {
    const random = new Random(seed);
    const { queue, counters, released, add } = setUp(64);
    let takenCount = 0;
    for (let index = 0; index < 1_000_000; index++) {
      add(random.chance(0.3) ? PREFERRED_FROM : 1);
      if (random.chance(0.01)) takenCount += queue.take(random.below(64) + 1).length;
    }
    takenCount += queue.takeAll().length;
    assert.equal(counters.created, takenCount + counters.dropped.queue_full);
    assert.ok(released.length > 0);
    assert.deepEqual(new Set(released), new Set([1]));
  });
});
