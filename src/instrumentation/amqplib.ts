import { types } from "node:util";
import { attend } from "../context/attend.ts";
import { runIn } from "../context/manager.ts";
import type { Broker, Carried, Delivery, Sending, Work, WorkEntrance } from "../context/work.ts";
import type { Adaptor, LoadedFile } from "./adaptor.ts";
import { AmqpDepth, type Connection, type ConsumingChannel } from "./amqplib-depth.ts";
import { bindArguments } from "./caller-context.ts";
import { replaceMethod } from "./method.ts";
import { withoutIds } from "./subject.ts";

/**
 * amqplib, both its APIs: they share the classes' methods that matter.
 *
 * A message's work ends when the app's callback is done, with its promise if it
 * returns one. A callback that returns nothing has its work elsewhere; then it
 * ends when the message is acknowledged or refused, or its channel closes.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const { Channel, ConfirmChannel } = exports as Models;
    if (file.file === BASE) {
      for (const name of ["sendOrEnqueue", "pushConfirmCallback"]) {
        bindArguments(Channel.prototype, name);
      }
      return exports;
    }
    // These are called back after the answer: with the message, when all is confirmed.
    if (file.file === CALLBACKS) {
      bindArguments(Channel.prototype, "get");
      bindArguments(ConfirmChannel.prototype, "waitForConfirms");
    }
    const entrance = services.work();
    const depth = depthOf(file, entrance);
    replacePublish(Channel.prototype, entrance);
    replaceConfirmedPublish(ConfirmChannel.prototype, entrance);
    replaceConsume(Channel.prototype, entrance, depth);
    replaceSettlements(Channel.prototype);
    return exports;
  },
};

/** The classes of the channels of both APIs, under the names of theirs. */
const BASE = "lib/channel.js";
const CALLBACKS = "lib/callback_model.js";

const SYSTEM = "rabbitmq";

interface Models {
  readonly Channel: { readonly prototype: object };
  readonly ConfirmChannel: { readonly prototype: object };
}

type ChannelLike = ConsumingChannel;

interface Properties {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly messageId?: unknown;
  readonly correlationId?: unknown;
  readonly type?: unknown;
}

interface Message {
  readonly fields: {
    readonly deliveryTag: number;
    readonly redelivered?: boolean;
    readonly exchange?: string;
    readonly routingKey?: string;
  };
  readonly properties: Properties;
}

/** One depth for both models of one copy of the library. */
const depths = new Map<string, AmqpDepth>();

function depthOf({ directory }: LoadedFile, entrance: WorkEntrance): AmqpDepth {
  const known = depths.get(directory);
  if (known !== undefined) return known;
  const depth = new AmqpDepth(directory);
  depths.set(directory, depth);
  entrance.watchBacklog(() => depth.count());
  return depth;
}

/** The message that a confirm channel is just publishing by its superclass. */
let confirming: Sending | undefined;

type PublishArgs = [
  exchange: string,
  routingKey: string,
  content: unknown,
  options?: Properties | undefined,
  ...rest: unknown[],
];

function replacePublish(prototype: object, entrance: WorkEntrance): void {
  replaceMethod<ChannelLike, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      const confirmed = confirming;
      confirming = undefined;
      if (confirmed !== undefined) {
        return Reflect.apply(original, this, carrying(args, confirmed.carried));
      }
      const sending = sendingOf(this, args, entrance);
      if (sending === undefined) return Reflect.apply(original, this, args);
      return publishing(sending, true, () =>
        Reflect.apply(original, this, carrying(args, sending.carried)),
      );
    };
  });
}

/** Sent is what the broker has confirmed. */
function replaceConfirmedPublish(prototype: object, entrance: WorkEntrance): void {
  replaceMethod<ChannelLike, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      const sending = sendingOf(this, args, entrance);
      if (sending === undefined) return Reflect.apply(original, this, args);
      const [exchange, routingKey, content, options, callback] = args;
      const onConfirm = (error: unknown, ...rest: unknown[]): void => {
        sending.end(error ?? undefined);
        if (typeof callback === "function") Reflect.apply(callback, undefined, [error, ...rest]);
      };
      return publishing(sending, false, () => {
        confirming = sending;
        try {
          const changed: PublishArgs = [exchange, routingKey, content, options, onConfirm];
          return Reflect.apply(original, this, changed);
        } finally {
          confirming = undefined;
        }
      });
    };
  });
}

/** No `catch`: Node would show ours as the place where the error was thrown. */
function publishing<R>(sending: Sending, isAll: boolean, publish: () => R): R {
  let isThrown = true;
  try {
    const result = runIn(sending.context, publish);
    isThrown = false;
    return result;
  } finally {
    if (isThrown) sending.end(NOT_SENT);
    else if (isAll) sending.end();
  }
}

const NOT_SENT = { name: "_OTHER" };

/** Undefined too for what amqplib is about to refuse. */
function sendingOf(
  { connection }: ChannelLike,
  [exchange, routingKey, , options]: PublishArgs,
  entrance: WorkEntrance,
): Sending | undefined {
  if (typeof exchange !== "string" || typeof routingKey !== "string") return undefined;
  const { messageId, correlationId } = options ?? {};
  return entrance.send({
    system: SYSTEM,
    // https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/: exchange and routing key.
    destination: placeOf(exchange, withoutIds(routingKey)),
    operation: "publish",
    broker: brokerOf(connection),
    messageId: typeof messageId === "string" ? messageId : undefined,
    attributes: {
      "messaging.destination.name": placeOf(exchange, routingKey),
      ...(routingKey !== "" && { "messaging.rabbitmq.destination.routing_key": routingKey }),
      ...(typeof correlationId === "string" && {
        "messaging.message.conversation_id": correlationId,
      }),
    },
  });
}

/** The app's options stay as they are: it may use them again. */
function carrying(args: PublishArgs, carried: Carried): PublishArgs {
  const [exchange, routingKey, content, options, ...rest] = args;
  const headers = { ...options?.headers, ...carried };
  return [exchange, routingKey, content, { ...options, headers }, ...rest];
}

function placeOf(...parts: (string | undefined)[]): string {
  return [...new Set(parts.filter(Boolean))].join(":") || "amq.default";
}

function brokerOf({ stream }: Connection): Broker | undefined {
  if (stream?.remoteAddress === undefined) return undefined;
  const { remoteAddress: address, remotePort: port } = stream;
  return port === undefined ? { address } : { address, port };
}

type Callback = (message: Message | null) => unknown;

function replaceConsume(prototype: object, entrance: WorkEntrance, depth: AmqpDepth): void {
  replaceMethod<
    ChannelLike,
    [queue: string, callback: Callback, options?: { readonly noAck?: boolean }, ...rest: unknown[]]
  >(prototype, "consume", (original) => {
    return function consume(queue, callback, options, ...rest) {
      if (typeof callback !== "function") {
        return Reflect.apply(original, this, [queue, callback, options, ...rest]) as unknown;
      }
      const isSettled = options?.noAck === true;
      const onMessage = (message: Message | null): unknown => {
        if (message === null) return callback(message);
        return receive(this, queue, message, isSettled, () => callback(message), entrance);
      };
      if (typeof queue === "string") depth.watch(this, queue, onMessage);
      return Reflect.apply(original, this, [queue, onMessage, options, ...rest]) as unknown;
    };
  });
}

function receive(
  channel: ChannelLike,
  queue: string,
  message: Message,
  isSettled: boolean,
  call: () => unknown,
  entrance: WorkEntrance,
): unknown {
  const work = entrance.begin(deliveryOf(channel, queue, message));
  if (work === undefined) return call();
  if (isSettled) return attend(work, call, { caller: "catches" });
  const unsettled = unsettledOf(channel);
  const { deliveryTag } = message.fields;
  const held: Held = { work, isReturned: false, isSettled: false };
  unsettled.set(deliveryTag, held);
  return attend(
    {
      context: work.context,
      fail: (failure) => {
        // Its channel is closed by amqplib, or the process ends.
        held.isSettled = true;
        work.fail(failure);
      },
      end: () => {
        held.isReturned = true;
        if (held.isPromised === true || held.isSettled) end(unsettled, deliveryTag, held);
      },
    },
    () => {
      const result = call();
      held.isPromised = types.isPromise(result);
      return result;
    },
    { caller: "catches" },
  );
}

interface Held {
  readonly work: Work;
  isReturned: boolean;
  isSettled: boolean;
  isPromised?: boolean;
}

function end(unsettled: Map<number, Held>, tag: number, held: Held): void {
  unsettled.delete(tag);
  held.work.end();
}

/** The messages of each channel that are being worked on, by delivery tag. */
const unsettledOn = new WeakMap<ChannelLike, Map<number, Held>>();

function unsettledOf(channel: ChannelLike): Map<number, Held> {
  const known = unsettledOn.get(channel);
  if (known !== undefined) return known;
  const made = new Map<number, Held>();
  unsettledOn.set(channel, made);
  channel.once("close", () => {
    for (const [tag, held] of made) end(made, tag, held);
  });
  return made;
}

function deliveryOf(
  { connection }: ChannelLike,
  queue: string,
  { fields, properties }: Message,
): Delivery {
  const { exchange, routingKey, deliveryTag, redelivered } = fields;
  const { messageId, correlationId, type, headers = {} } = properties;
  const id = typeof messageId === "string" ? messageId : undefined;
  return {
    system: SYSTEM,
    destination: queue,
    operation: "process",
    carried: [carriedBy(headers)],
    messageId: id,
    broker: brokerOf(connection),
    attributes: {
      "messaging.destination.name": placeOf(exchange, routingKey, queue),
      "messaging.rabbitmq.message.delivery_tag": deliveryTag,
      ...(routingKey && { "messaging.rabbitmq.destination.routing_key": routingKey }),
      ...(typeof correlationId === "string" && {
        "messaging.message.conversation_id": correlationId,
      }),
    },
    job: {
      name: typeof type === "string" && type !== "" ? type : queue,
      id: id ?? (typeof correlationId === "string" ? correlationId : `delivery ${deliveryTag}`),
      queue,
      attempt: attemptOf(headers, redelivered === true),
    },
  };
}

function carriedBy(headers: Readonly<Record<string, unknown>>): Carried {
  const carried: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") carried[name.toLowerCase()] = value;
  }
  return carried;
}

/**
 * Quorum queues count deliveries, dead-lettering counts its rounds
 * (https://www.rabbitmq.com/docs/dlx); all others only say that there was one
 * before.
 */
function attemptOf(headers: Readonly<Record<string, unknown>>, redelivered: boolean): number {
  const { "x-delivery-count": deliveries, "x-death": deaths } = headers;
  const rounds = Array.isArray(deaths)
    ? Number((deaths[0] as { readonly count?: unknown } | undefined)?.count ?? 0)
    : 0;
  const before = typeof deliveries === "number" ? deliveries : redelivered ? 1 : 0;
  return before + rounds + 1;
}

interface Settlement {
  /** `error.type` of a message that is refused so. */
  readonly refusal: string | undefined;
  readonly isOfAll: boolean;
}

const settlements: Readonly<Record<string, Settlement>> = {
  ack: { refusal: undefined, isOfAll: false },
  ackAll: { refusal: undefined, isOfAll: true },
  nack: { refusal: "nack", isOfAll: false },
  nackAll: { refusal: "nack", isOfAll: true },
  reject: { refusal: "reject", isOfAll: false },
};

function replaceSettlements(prototype: object): void {
  for (const [name, settlement] of Object.entries(settlements)) {
    replaceMethod<ChannelLike, [Message?, boolean?, ...unknown[]]>(prototype, name, (original) => {
      return function (...args) {
        const [message, allUpTo] = args;
        const result = Reflect.apply(original, this, args);
        const unsettled = unsettledOn.get(this);
        if (unsettled === undefined) return result;
        const tag = settlement.isOfAll ? Infinity : message?.fields?.deliveryTag;
        const isOfMany = settlement.isOfAll || (name !== "reject" && allUpTo === true);
        if (tag !== undefined) settle(unsettled, tag, isOfMany, settlement.refusal);
        return result;
      };
    });
  }
}

function settle(
  unsettled: Map<number, Held>,
  upTo: number,
  isOfMany: boolean,
  refusal: string | undefined,
): void {
  for (const [tag, held] of unsettled) {
    if (isOfMany ? tag > upTo : tag !== upTo) continue;
    held.isSettled = true;
    if (refusal !== undefined) held.work.fail({ error: undefined, type: refusal });
    // With a promise it ends with that.
    if (held.isReturned) end(unsettled, tag, held);
  }
}
