import { createRequire } from "node:module";
import { join } from "node:path";
import { runUnitOfWork } from "../../../context/run-unit.ts";
import { runWithContext } from "../../../context/manager.ts";
import { TracedAsyncIterator } from "../../../context/traced-async-iterator.ts";
import type {
  Broker,
  PropagationHeaders,
  ReceivedMessage,
  ProducerOperation,
  UnitOfWorkHandle,
  MessagingInstrumenter,
} from "../../../context/messaging.ts";
import type { Adaptor, LoadedFile } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { destinationTemplate } from "../destination-template.ts";

/**
 * NATS by `nats` 2 and by `@nats-io/nats-core` 3, which `@nats-io/transport-node`
 * stands on; the two have the same classes. JetStream's messages come by the same
 * iterators, or to a callback.
 *
 * What the library says to itself (inboxes of replies, `$JS.API…`) is none of the
 * app's messages.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const instrumenter = deps.messaging();
    const module = exports as Modules;
    if (file.file.endsWith("/nats.js")) patchConnection(module, file, instrumenter);
    else if (file.file.endsWith("/queued_iterator.js")) patchIterators(module, instrumenter);
    else if (file.file.endsWith("/jsclient.js"))
      patchPublisher(module.JetStreamClientImpl.prototype);
    else if (file.file.endsWith("/jsmsg.js")) patchSettlements(module.JsMsgImpl.prototype);
    else patchConsumer(module.PullConsumerImpl.prototype, instrumenter);
    return exports;
  },
};

const SYSTEM = "nats";

/** Each file has one of them. */
interface Modules extends ConnectionModule, IteratorModule {
  readonly JetStreamClientImpl: { readonly prototype: object };
  readonly JsMsgImpl: { readonly prototype: object };
  readonly PullConsumerImpl: { readonly prototype: object };
}

interface ConnectionModule {
  readonly NatsConnectionImpl: { readonly prototype: object };
}

interface IteratorModule {
  readonly QueuedIteratorImpl: { readonly prototype: object };
}

interface ConnectionLike {
  readonly options?: { readonly inboxPrefix?: string };
  readonly protocol?: {
    readonly info?: { readonly headers?: boolean };
    readonly server?: { readonly hostname?: string; readonly port?: number };
  };
}

/** `MsgHdrs`: an iterable of names with all their values. */
interface Headers extends Iterable<[string, string[]]> {
  set(name: string, value: string): void;
  append(name: string, value: string): void;
}

interface PublishOptions {
  readonly headers?: Headers;
}

/** Of a core subscription, or of JetStream. */
interface Message {
  readonly subject: string;
  readonly headers?: Headers | undefined;
  readonly info?: {
    readonly stream: string;
    readonly consumer: string;
    readonly streamSequence: number;
    /** How often it was delivered, this time included. */
    readonly deliveryCount?: number;
    /** The same, in `nats` 2. */
    readonly redeliveryCount?: number;
  };
}

type Callback = (error: unknown, message: Message) => unknown;

interface SubscribeOptions {
  readonly callback?: Callback;
  readonly queue?: string;
}

function patchConnection(
  { NatsConnectionImpl: { prototype } }: ConnectionModule,
  file: LoadedFile,
  instrumenter: MessagingInstrumenter,
): void {
  const make = headersOf(file);
  replacePublish(prototype, instrumenter, make);
  replaceRequest(prototype, instrumenter, make);
  replaceMethod<ConnectionLike, [string, SubscribeOptions?, ...unknown[]]>(
    prototype,
    "subscribe",
    (original) => {
      return function subscribe(subject, options, ...rest) {
        const { callback } = options ?? {};
        if (typeof callback !== "function" || isInternal(this, subject)) {
          return Reflect.apply(original, this, [subject, options, ...rest]) as unknown;
        }
        const broker = brokerOf(this);
        const wrapped: Callback = (error, message) => {
          const call = (): unknown => callback(error, message);
          const isMessage = (error === null || error === undefined) && message !== undefined;
          const work = isMessage
            ? instrumenter.startProcess(receivedMessageOf(message, subject, options?.queue, broker))
            : undefined;
          return work === undefined ? call() : runUnitOfWork(work, call);
        };
        const changed = { ...options, callback: wrapped };
        return Reflect.apply(original, this, [subject, changed, ...rest]);
      };
    },
  );
}

/** While a request is being sent, by `publish` like all else: its span. */
let activeRequest: ProducerOperation | undefined;

type PublishArgs = [string, unknown, PublishOptions?, ...unknown[]];

function replacePublish(
  prototype: object,
  instrumenter: MessagingInstrumenter,
  make: () => Headers,
): void {
  replaceMethod<ConnectionLike, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      if (activeRequest !== undefined) return Reflect.apply(original, this, args);
      const producerOperation = startSend(this, args[0], "publish", instrumenter);
      if (producerOperation === undefined) return Reflect.apply(original, this, args);
      let hasThrown = true;
      try {
        const changed = withHeaders(this, args, producerOperation.propagationHeaders, make);
        const result = runWithContext(producerOperation.context, () =>
          Reflect.apply(original, this, changed),
        );
        hasThrown = false;
        return result;
      } finally {
        producerOperation.end(hasThrown ? SEND_FAILED : undefined);
      }
    };
  });
}

const SEND_FAILED = { name: "_OTHER" };

function replaceRequest(
  prototype: object,
  instrumenter: MessagingInstrumenter,
  make: () => Headers,
): void {
  replaceMethod<ConnectionLike, PublishArgs>(prototype, "request", (original) => {
    return function request(...args) {
      const operation = isJetStreamPublish ? "publish" : "request";
      const producerOperation = startSend(this, args[0], operation, instrumenter);
      if (producerOperation === undefined) return Reflect.apply(original, this, args);
      activeRequest = producerOperation;
      try {
        const changed = withHeaders(this, args, producerOperation.propagationHeaders, make);
        const response = runWithContext(producerOperation.context, () =>
          Reflect.apply(original, this, changed),
        );
        return (response as Promise<unknown>).then(
          (message) => {
            producerOperation.end();
            return message;
          },
          (error: unknown) => {
            producerOperation.end(error);
            throw error;
          },
        );
      } finally {
        activeRequest = undefined;
      }
    };
  });
}

/** While JetStream publishes: the stream's acknowledgement comes as the answer to a request. */
let isJetStreamPublish = false;

function patchPublisher(prototype: object): void {
  replaceMethod<object, unknown[]>(prototype, "publish", (original) => {
    return function publish(...args) {
      isJetStreamPublish = true;
      try {
        return Reflect.apply(original, this, args);
      } finally {
        isJetStreamPublish = false;
      }
    };
  });
}

/** The work that messages of JetStream are being worked on in. */
const workByMessage = new WeakMap<object, UnitOfWorkHandle>();

/** Who refuses a message has not done what it asks for. */
function patchSettlements(prototype: object): void {
  for (const name of ["nak", "term"]) {
    replaceMethod<object, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        workByMessage.get(this)?.fail({ error: undefined, type: name });
        return Reflect.apply(original, this, args);
      };
    });
  }
}

type ConsumeOptions = { readonly callback?: (message: Message) => unknown } | undefined;

/** With a callback; without one the messages come by an iterator. */
function patchConsumer(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<object, [ConsumeOptions, ...unknown[]]>(prototype, "consume", (original) => {
    return function consume(...args) {
      const [options, ...rest] = args;
      const callback = options?.callback;
      if (typeof callback !== "function") return Reflect.apply(original, this, args);
      const wrapped = (message: Message): unknown => {
        const call = (): unknown => callback(message);
        const work = beginJetStreamWork(message, instrumenter);
        return work === undefined ? call() : runUnitOfWork(work, call);
      };
      return Reflect.apply(original, this, [{ ...options, callback: wrapped }, ...rest]);
    };
  });
}

function beginJetStreamWork(
  message: Message,
  instrumenter: MessagingInstrumenter,
): UnitOfWorkHandle | undefined {
  const work = instrumenter.startProcess(receivedMessageOf(message, "", undefined, undefined));
  if (work !== undefined) workByMessage.set(message, work);
  return work;
}

function startSend(
  connection: ConnectionLike,
  subject: unknown,
  operation: string,
  instrumenter: MessagingInstrumenter,
): ProducerOperation | undefined {
  if (typeof subject !== "string" || isInternal(connection, subject)) return undefined;
  const destination = destinationTemplate(subject);
  return instrumenter.startSend({
    system: SYSTEM,
    destination,
    operation,
    broker: brokerOf(connection),
    ...(destination !== subject && {
      attributes: {
        "messaging.destination.name": subject,
        "messaging.destination.template": destination,
      },
    }),
  });
}

/** The app's headers stay as they are: it may use them again. */
function withHeaders(
  { protocol }: ConnectionLike,
  args: PublishArgs,
  propagationHeaders: PropagationHeaders,
  make: () => Headers,
): PublishArgs {
  // A server that knows no headers refuses messages with some.
  if (protocol?.info?.headers !== true) return args;
  const [subject, data, options, ...rest] = args;
  const headers = make();
  for (const [name, values] of options?.headers ?? []) {
    for (const value of values) headers.append(name, value);
  }
  for (const [name, value] of Object.entries(propagationHeaders)) headers.set(name, value);
  return [subject, data, { ...options, headers }, ...rest];
}

/** The library's own way to make headers, from the file beside the patched one. */
function headersOf({ directory, file }: LoadedFile): () => Headers {
  const require = createRequire(join(directory, file));
  const module = require("./headers.js") as { headers(): Headers };
  return () => module.headers();
}

function isInternal({ options }: ConnectionLike, subject: unknown): boolean {
  if (typeof subject !== "string" || subject.startsWith("$")) return true;
  return subject.startsWith(`${options?.inboxPrefix ?? "_INBOX"}.`);
}

function brokerOf({ protocol }: ConnectionLike): Broker | undefined {
  const { hostname, port } = protocol?.server ?? {};
  if (hostname === undefined) return undefined;
  return port === undefined ? { address: hostname } : { address: hostname, port };
}

function receivedMessageOf(
  message: Message,
  subscription: string,
  group: string | undefined,
  broker: Broker | undefined,
): ReceivedMessage {
  const { subject, headers, info } = message;
  const id = info && `${info.stream}:${info.streamSequence}`;
  const destination = subscription === "" ? destinationTemplate(subject) : subscription;
  return {
    system: SYSTEM,
    destination,
    operation: "process",
    propagationHeaders: [propagationHeadersOf(headers)],
    group: info?.consumer ?? group,
    messageId: id,
    broker,
    ...(destination !== subject && {
      attributes: {
        "messaging.destination.name": subject,
        "messaging.destination.template": destination,
      },
    }),
    job: {
      name: destination,
      id,
      queue: info?.stream ?? subject,
      attempt: info && (info.deliveryCount ?? info.redeliveryCount),
    },
  };
}

function propagationHeadersOf(headers: Headers | undefined): PropagationHeaders {
  const propagationHeaders: Record<string, string> = {};
  for (const [name, [value]] of headers ?? []) {
    if (value !== undefined) propagationHeaders[name.toLowerCase()] = value;
  }
  return propagationHeaders;
}

/** A subscription, the messages of a JetStream consumer, or any other of the library's iterators. */
interface Iterator {
  readonly subject?: unknown;
  readonly queue?: string;
  readonly protocol?: ConnectionLike["protocol"] & { readonly options?: ConnectionLike["options"] };
}

function patchIterators(
  { QueuedIteratorImpl: { prototype } }: IteratorModule,
  instrumenter: MessagingInstrumenter,
): void {
  replaceMethod<Iterator, []>(prototype, Symbol.asyncIterator, (original) => {
    return function () {
      const inner = Reflect.apply(original, this, []) as AsyncIterator<unknown>;
      return new TracedAsyncIterator(inner, (value) => beginWork(this, value, instrumenter));
    };
  });
}

function beginWork(
  iterator: Iterator,
  value: unknown,
  instrumenter: MessagingInstrumenter,
): UnitOfWorkHandle | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const message = value as Message & { readonly ack?: unknown };
  if (typeof message.subject !== "string") return undefined;
  const { subject, queue, protocol } = iterator;
  if (typeof message.ack === "function") {
    return beginJetStreamWork(message, instrumenter);
  }
  const connection = { protocol, options: protocol?.options } as ConnectionLike;
  if (typeof subject !== "string" || isInternal(connection, subject)) return undefined;
  return instrumenter.startProcess(
    receivedMessageOf(message, subject, queue, brokerOf(connection)),
  );
}
