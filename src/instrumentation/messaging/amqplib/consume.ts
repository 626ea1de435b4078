import { types } from "node:util";
import type { MessagingInstrumenter } from "../../../context/messaging.ts";
import { runUnitOfWork } from "../../../context/run-unit.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { type Message, receivedMessageOf } from "./message.ts";
import { addPendingMessage } from "./pending-messages.ts";
import type { AmqpQueueDepth, ConsumingChannel } from "./queue-depth.ts";

type Callback = (message: Message | null) => unknown;

type ConsumeArgs = [
  queue: string,
  callback: Callback,
  options?: { readonly noAck?: boolean },
  ...rest: unknown[],
];

export function replaceConsume(
  prototype: object,
  instrumenter: MessagingInstrumenter,
  depth: AmqpQueueDepth,
): void {
  replaceMethod<ConsumingChannel, ConsumeArgs>(prototype, "consume", (original) => {
    return function consume(queue, callback, options, ...rest) {
      if (typeof callback !== "function") {
        return Reflect.apply(original, this, [queue, callback, options, ...rest]) as unknown;
      }
      const isAutoAck = options?.noAck === true;
      const onMessage = (message: Message | null): unknown => {
        if (message === null) return callback(message);
        return receive(this, queue, message, isAutoAck, () => callback(message), instrumenter);
      };
      if (typeof queue === "string") depth.watch(this, queue, onMessage);
      return Reflect.apply(original, this, [queue, onMessage, options, ...rest]) as unknown;
    };
  });
}

function receive(
  channel: ConsumingChannel,
  queue: string,
  message: Message,
  isAutoAck: boolean,
  call: () => unknown,
  instrumenter: MessagingInstrumenter,
): unknown {
  const unit = instrumenter.startProcess(receivedMessageOf(channel, queue, message));
  if (unit === undefined) return call();
  if (isAutoAck) return runUnitOfWork(unit, call, { caller: "catches" });
  const pending = addPendingMessage(channel, message.fields.deliveryTag, unit);
  const callAndFollow = (): unknown => {
    const result = call();
    if (types.isPromise(result)) pending.setPromised();
    return result;
  };
  return runUnitOfWork(pending.callbackHandle(), callAndFollow, { caller: "catches" });
}
