import { types } from "node:util";
import { runUnitOfWork } from "../../../context/run-unit.ts";
import { runWithContext } from "../../../context/manager.ts";
import type {
  Broker,
  PropagationHeaders,
  ReceivedMessage,
  ProducerOperation,
  UnitOfWorkHandle,
  MessagingInstrumenter,
} from "../../../context/messaging.ts";
import type { Adaptor, LoadedFile } from "../../loading/adaptor.ts";
import { AmqpQueueDepth, type AmqpConnection, type ConsumingChannel } from "./queue-depth.ts";
import { bindArguments } from "../../loading/caller-context.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { destinationTemplate } from "../destination-template.ts";

/**
 * amqplib, both its APIs: they share the classes' methods that matter.
 *
 * A message's work ends when the app's callback is done, with its promise if it
 * returns one. A callback that returns nothing has its work elsewhere; then it
 * ends when the message is acknowledged or refused, or its channel closes.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
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
    const instrumenter = deps.messaging();
    const depth = depthOf(file, instrumenter);
    replacePublish(Channel.prototype, instrumenter);
    replaceConfirmedPublish(ConfirmChannel.prototype, instrumenter);
    replaceConsume(Channel.prototype, instrumenter, depth);
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
const depths = new Map<string, AmqpQueueDepth>();

function depthOf({ directory }: LoadedFile, instrumenter: MessagingInstrumenter): AmqpQueueDepth {
  const known = depths.get(directory);
  if (known !== undefined) return known;
  const depth = new AmqpQueueDepth(directory);
  depths.set(directory, depth);
  instrumenter.observeBacklog(() => depth.count());
  return depth;
}

/** The message that a confirm channel is just publishing by its superclass. */
let confirmingPublish: ProducerOperation | undefined;

type PublishArgs = [
  exchange: string,
  routingKey: string,
  content: unknown,
  options?: Properties | undefined,
  ...rest: unknown[],
];

function replacePublish(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<ChannelLike, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      const confirmed = confirmingPublish;
      confirmingPublish = undefined;
      if (confirmed !== undefined) {
        return Reflect.apply(original, this, withHeaders(args, confirmed.propagationHeaders));
      }
      const producerOperation = startPublish(this, args, instrumenter);
      if (producerOperation === undefined) return Reflect.apply(original, this, args);
      return runPublish(producerOperation, true, () =>
        Reflect.apply(original, this, withHeaders(args, producerOperation.propagationHeaders)),
      );
    };
  });
}

/** Sent is what the broker has confirmed. */
function replaceConfirmedPublish(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<ChannelLike, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      const producerOperation = startPublish(this, args, instrumenter);
      if (producerOperation === undefined) return Reflect.apply(original, this, args);
      const [exchange, routingKey, content, options, callback] = args;
      const onConfirm = (error: unknown, ...rest: unknown[]): void => {
        producerOperation.end(error ?? undefined);
        if (typeof callback === "function") Reflect.apply(callback, undefined, [error, ...rest]);
      };
      return runPublish(producerOperation, false, () => {
        confirmingPublish = producerOperation;
        try {
          const changed: PublishArgs = [exchange, routingKey, content, options, onConfirm];
          return Reflect.apply(original, this, changed);
        } finally {
          confirmingPublish = undefined;
        }
      });
    };
  });
}

/** No `catch`: Node would show ours as the place where the error was thrown. */
function runPublish<R>(
  producerOperation: ProducerOperation,
  endsOnReturn: boolean,
  publish: () => R,
): R {
  let hasThrown = true;
  try {
    const result = runWithContext(producerOperation.context, publish);
    hasThrown = false;
    return result;
  } finally {
    if (hasThrown) producerOperation.end(SEND_FAILED);
    else if (endsOnReturn) producerOperation.end();
  }
}

const SEND_FAILED = { name: "_OTHER" };

/** Undefined too for what amqplib is about to refuse. */
function startPublish(
  { connection }: ChannelLike,
  [exchange, routingKey, , options]: PublishArgs,
  instrumenter: MessagingInstrumenter,
): ProducerOperation | undefined {
  if (typeof exchange !== "string" || typeof routingKey !== "string") return undefined;
  const { messageId, correlationId } = options ?? {};
  return instrumenter.startSend({
    system: SYSTEM,
    // https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/: exchange and routing key.
    destination: destinationName(exchange, destinationTemplate(routingKey)),
    operation: "publish",
    broker: brokerOf(connection),
    messageId: typeof messageId === "string" ? messageId : undefined,
    attributes: {
      "messaging.destination.name": destinationName(exchange, routingKey),
      ...(routingKey !== "" && { "messaging.rabbitmq.destination.routing_key": routingKey }),
      ...(typeof correlationId === "string" && {
        "messaging.message.conversation_id": correlationId,
      }),
    },
  });
}

/** The app's options stay as they are: it may use them again. */
function withHeaders(args: PublishArgs, propagationHeaders: PropagationHeaders): PublishArgs {
  const [exchange, routingKey, content, options, ...rest] = args;
  const headers = { ...options?.headers, ...propagationHeaders };
  return [exchange, routingKey, content, { ...options, headers }, ...rest];
}

function destinationName(...parts: (string | undefined)[]): string {
  return [...new Set(parts.filter(Boolean))].join(":") || "amq.default";
}

function brokerOf({ stream }: AmqpConnection): Broker | undefined {
  if (stream?.remoteAddress === undefined) return undefined;
  const { remoteAddress: address, remotePort: port } = stream;
  return port === undefined ? { address } : { address, port };
}

type Callback = (message: Message | null) => unknown;

function replaceConsume(
  prototype: object,
  instrumenter: MessagingInstrumenter,
  depth: AmqpQueueDepth,
): void {
  replaceMethod<
    ChannelLike,
    [queue: string, callback: Callback, options?: { readonly noAck?: boolean }, ...rest: unknown[]]
  >(prototype, "consume", (original) => {
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
  channel: ChannelLike,
  queue: string,
  message: Message,
  isAutoAck: boolean,
  call: () => unknown,
  instrumenter: MessagingInstrumenter,
): unknown {
  const work = instrumenter.startProcess(receivedMessageOf(channel, queue, message));
  if (work === undefined) return call();
  if (isAutoAck) return runUnitOfWork(work, call, { caller: "catches" });
  const pendingMessages = pendingOf(channel);
  const { deliveryTag } = message.fields;
  const pending: PendingMessage = { work, hasReturned: false, isSettled: false };
  pendingMessages.set(deliveryTag, pending);
  return runUnitOfWork(
    {
      context: work.context,
      fail: (failure) => {
        // Its channel is closed by amqplib, or the process ends.
        pending.isSettled = true;
        work.fail(failure);
      },
      end: () => {
        pending.hasReturned = true;
        if (pending.isPromised === true || pending.isSettled)
          endPending(pendingMessages, deliveryTag, pending);
      },
    },
    () => {
      const result = call();
      pending.isPromised = types.isPromise(result);
      return result;
    },
    { caller: "catches" },
  );
}

interface PendingMessage {
  readonly work: UnitOfWorkHandle;
  hasReturned: boolean;
  isSettled: boolean;
  isPromised?: boolean;
}

function endPending(
  pendingMessages: Map<number, PendingMessage>,
  tag: number,
  pending: PendingMessage,
): void {
  pendingMessages.delete(tag);
  pending.work.end();
}

/** The messages of each channel that are being worked on, by delivery tag. */
const pendingByChannel = new WeakMap<ChannelLike, Map<number, PendingMessage>>();

function pendingOf(channel: ChannelLike): Map<number, PendingMessage> {
  const known = pendingByChannel.get(channel);
  if (known !== undefined) return known;
  const created = new Map<number, PendingMessage>();
  pendingByChannel.set(channel, created);
  channel.once("close", () => {
    for (const [tag, pending] of created) endPending(created, tag, pending);
  });
  return created;
}

function receivedMessageOf(
  { connection }: ChannelLike,
  queue: string,
  { fields, properties }: Message,
): ReceivedMessage {
  const { exchange, routingKey, deliveryTag, redelivered } = fields;
  const { messageId, correlationId, type, headers = {} } = properties;
  const id = typeof messageId === "string" ? messageId : undefined;
  return {
    system: SYSTEM,
    destination: queue,
    operation: "process",
    propagationHeaders: [propagationHeadersOf(headers)],
    messageId: id,
    broker: brokerOf(connection),
    attributes: {
      "messaging.destination.name": destinationName(exchange, routingKey, queue),
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

function propagationHeadersOf(headers: Readonly<Record<string, unknown>>): PropagationHeaders {
  const propagationHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") propagationHeaders[name.toLowerCase()] = value;
  }
  return propagationHeaders;
}

/**
 * Quorum queues count deliveries, dead-lettering counts its rounds
 * (https://www.rabbitmq.com/docs/dlx); all others only say that there was one
 * before.
 */
function attemptOf(headers: Readonly<Record<string, unknown>>, redelivered: boolean): number {
  const { "x-delivery-count": deliveries, "x-death": deadLetters } = headers;
  const rounds = Array.isArray(deadLetters)
    ? Number((deadLetters[0] as { readonly count?: unknown } | undefined)?.count ?? 0)
    : 0;
  const before = typeof deliveries === "number" ? deliveries : redelivered ? 1 : 0;
  return before + rounds + 1;
}

interface Settlement {
  /** `error.type` of a message that is refused so. */
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

function replaceSettlements(prototype: object): void {
  for (const [name, settlement] of Object.entries(settlements)) {
    replaceMethod<ChannelLike, [Message?, boolean?, ...unknown[]]>(prototype, name, (original) => {
      return function (...args) {
        const [message, allUpTo] = args;
        const result = Reflect.apply(original, this, args);
        const pendingMessages = pendingByChannel.get(this);
        if (pendingMessages === undefined) return result;
        const tag = settlement.isAll ? Infinity : message?.fields?.deliveryTag;
        const isMultiple = settlement.isAll || (name !== "reject" && allUpTo === true);
        if (tag !== undefined) settle(pendingMessages, tag, isMultiple, settlement.errorType);
        return result;
      };
    });
  }
}

function settle(
  pendingMessages: Map<number, PendingMessage>,
  upTo: number,
  isMultiple: boolean,
  errorType: string | undefined,
): void {
  for (const [tag, pending] of pendingMessages) {
    if (isMultiple ? tag > upTo : tag !== upTo) continue;
    pending.isSettled = true;
    if (errorType !== undefined) pending.work.fail({ error: undefined, type: errorType });
    // With a promise it ends with that.
    if (pending.hasReturned) endPending(pendingMessages, tag, pending);
  }
}
