import type { UnitFailure, UnitOfWorkHandle } from "../../../context/messaging.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import type { Message } from "./message.ts";
import type { ConsumingChannel } from "./queue-depth.ts";

/** A message from its delivery until its callback is done and it is settled. */
export class PendingMessage {
  readonly #unit: UnitOfWorkHandle;
  readonly #remove: () => void;
  #hasReturned = false;
  #isSettled = false;
  #isPromised = false;

  constructor(unit: UnitOfWorkHandle, remove: () => void) {
    this.#unit = unit;
    this.#remove = remove;
  }

  /** Returns the handle under which the app's callback runs. */
  callbackHandle(): UnitOfWorkHandle {
    return {
      context: this.#unit.context,
      fail: (failure) => {
        // amqplib closes the channel, or the process ends: no settlement follows.
        this.#isSettled = true;
        this.#unit.fail(failure);
      },
      end: () => {
        this.#hasReturned = true;
        if (this.#isPromised || this.#isSettled) this.end();
      },
    };
  }

  /** Records that the callback returned a promise, with which the unit of work ends. */
  setPromised(): void {
    this.#isPromised = true;
  }

  /** The message is acknowledged, or rejected with a failure. */
  settle(failure: UnitFailure | undefined): void {
    this.#isSettled = true;
    if (failure !== undefined) this.#unit.fail(failure);
    // While a promise is pending, the unit ends with that.
    if (this.#hasReturned) this.end();
  }

  end(): void {
    this.#remove();
    this.#unit.end();
  }
}

/** Pending messages of each channel, by delivery tag. */
const pendingByChannel = new WeakMap<ConsumingChannel, Map<number, PendingMessage>>();

export function addPendingMessage(
  channel: ConsumingChannel,
  deliveryTag: number,
  unit: UnitOfWorkHandle,
): PendingMessage {
  const messages = pendingOf(channel);
  const pending = new PendingMessage(unit, () => messages.delete(deliveryTag));
  messages.set(deliveryTag, pending);
  return pending;
}

function pendingOf(channel: ConsumingChannel): Map<number, PendingMessage> {
  const known = pendingByChannel.get(channel);
  if (known !== undefined) return known;
  const created = new Map<number, PendingMessage>();
  pendingByChannel.set(channel, created);
  channel.once("close", () => {
    for (const pending of created.values()) pending.end();
  });
  return created;
}

interface Settlement {
  /** `error.type` of a rejected message. */
  readonly errorType: string | undefined;
  readonly isAll: boolean;
}

const settlements: Readonly<Record<string, Settlement>> = {
  ack: { errorType: undefined, isAll: false },
  ackAll: { errorType: undefined, isAll: true },
  nack: { errorType: "nack", isAll: false },
  nackAll: { errorType: "nack", isAll: true },
  reject: { errorType: "reject", isAll: false },
};

/** Patches the methods by which an app acknowledges or rejects messages. */
export function replaceSettlements(prototype: object): void {
  for (const [name, settlement] of Object.entries(settlements)) {
    replaceMethod<ConsumingChannel, [Message?, boolean?, ...unknown[]]>(
      prototype,
      name,
      (original) => {
        return function (...args) {
          const [message, allUpTo] = args;
          const result = Reflect.apply(original, this, args);
          const messages = pendingByChannel.get(this);
          if (messages === undefined) return result;
          const tag = settlement.isAll ? Infinity : message?.fields?.deliveryTag;
          const isMultiple = settlement.isAll || (name !== "reject" && allUpTo === true);
          if (tag !== undefined) settle(messages, tag, isMultiple, settlement.errorType);
          return result;
        };
      },
    );
  }
}

function settle(
  messages: ReadonlyMap<number, PendingMessage>,
  upTo: number,
  isMultiple: boolean,
  errorType: string | undefined,
): void {
  const failure = errorType === undefined ? undefined : { error: undefined, type: errorType };
  for (const [tag, pending] of messages) {
    if (isMultiple ? tag <= upTo : tag === upTo) pending.settle(failure);
  }
}
