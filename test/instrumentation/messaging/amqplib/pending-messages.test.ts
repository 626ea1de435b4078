import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { ROOT_CONTEXT } from "../../../../src/context/context.ts";
import type { UnitOfWorkHandle } from "../../../../src/context/messaging.ts";
import {
  addPendingMessage,
  replaceSettlements,
} from "../../../../src/instrumentation/messaging/amqplib/pending-messages.ts";

interface Delivery {
  readonly fields: { readonly deliveryTag: number };
}

/** The methods of amqplib's channels that settle messages. */
class Channel extends EventEmitter {
  readonly connection = {};
  ack(_message: Delivery, _allUpTo?: boolean): void {}
  ackAll(): void {}
  nack(_message: Delivery, _allUpTo?: boolean): void {}
  nackAll(): void {}
  reject(_message: Delivery, _requeue?: boolean): void {}
}
replaceSettlements(Channel.prototype);

interface PendingFixture {
  readonly channel: Channel;
  /** Runs the callbacks of all messages to their end. */
  readonly returnAll: () => void;
  /** Outcomes in order: `1 ended`, `1 nack`. */
  readonly outcomes: readonly string[];
}

/** Three pending messages with the delivery tags 1 to 3. */
function createPendingMessages({ isPromised }: { readonly isPromised: boolean }): PendingFixture {
  const channel = new Channel();
  const outcomes: string[] = [];
  const handles = [1, 2, 3].map((tag) => {
    const unit: UnitOfWorkHandle = {
      context: ROOT_CONTEXT,
      fail: ({ type }) => outcomes.push(`${tag} ${type}`),
      end: () => outcomes.push(`${tag} ended`),
    };
    const pending = addPendingMessage(channel, tag, unit);
    if (isPromised) pending.setPromised();
    return pending.callbackHandle();
  });
  return {
    channel,
    returnAll: () => {
      for (const handle of handles) handle.end();
    },
    outcomes,
  };
}

function delivery(deliveryTag: number): Delivery {
  return { fields: { deliveryTag } };
}

const settlements: readonly [
  title: string,
  settle: (channel: Channel) => void,
  outcomes: readonly string[],
][] = [
  ["ack", (channel) => channel.ack(delivery(2)), ["2 ended"]],
  [
    "ack of all up to a message",
    (channel) => channel.ack(delivery(2), true),
    ["1 ended", "2 ended"],
  ],
  ["ackAll", (channel) => channel.ackAll(), ["1 ended", "2 ended", "3 ended"]],
  ["nack", (channel) => channel.nack(delivery(1)), ["1 nack", "1 ended"]],
  [
    "nack of all up to a message",
    (channel) => channel.nack(delivery(2), true),
    ["1 nack", "1 ended", "2 nack", "2 ended"],
  ],
  [
    "nackAll",
    (channel) => channel.nackAll(),
    ["1 nack", "1 ended", "2 nack", "2 ended", "3 nack", "3 ended"],
  ],
  // The second argument of `reject` is `requeue`.
  ["reject", (channel) => channel.reject(delivery(2), true), ["2 reject", "2 ended"]],
  ["ack of an unknown message", (channel) => channel.ack(delivery(9)), []],
  ["the end of the channel", (channel) => channel.emit("close"), ["1 ended", "2 ended", "3 ended"]],
];

describe("The unit of work of a message without automatic acknowledgement", () => {
  for (const [title, settle, expected] of settlements) {
    it(`ends with ${title}, after its callback has returned`, () => {
      const { channel, returnAll, outcomes } = createPendingMessages({ isPromised: false });
      returnAll();
      assert.deepEqual(outcomes, []);
      settle(channel);
      assert.deepEqual(outcomes, expected);
    });
  }

  it("ends when its callback returns, if that has settled it", () => {
    const { channel, returnAll, outcomes } = createPendingMessages({ isPromised: false });
    channel.ackAll();
    assert.deepEqual(outcomes, []);
    returnAll();
    assert.deepEqual(outcomes, ["1 ended", "2 ended", "3 ended"]);
  });

  it("ends with the promise of its callback, settled or not", () => {
    const { channel, returnAll, outcomes } = createPendingMessages({ isPromised: true });
    channel.nack(delivery(2));
    assert.deepEqual(outcomes, ["2 nack"]);
    returnAll();
    assert.deepEqual(outcomes, ["2 nack", "1 ended", "2 ended", "3 ended"]);
  });

  it("ends once", () => {
    const { channel, returnAll, outcomes } = createPendingMessages({ isPromised: false });
    returnAll();
    channel.ackAll();
    channel.ackAll();
    channel.emit("close");
    assert.deepEqual(outcomes, ["1 ended", "2 ended", "3 ended"]);
  });
});
