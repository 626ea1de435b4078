import { createRequire } from "node:module";
import { join } from "node:path";
import type {
  MessagingInstrumenter,
  ProducerOperation,
  PropagationHeaders,
} from "../../../context/messaging.ts";
import { runUnitOfWork } from "../../../context/run-unit.ts";
import type { LoadedFile } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { destinationTemplate } from "../destination-template.ts";
import { runAsyncSend, runSend } from "../run-send.ts";
import {
  brokerOf,
  type ConnectionLike,
  type Headers,
  isInternal,
  type Message,
  receivedMessageOf,
  SYSTEM,
} from "./message.ts";
import { runningMethod } from "./publish-state.ts";

export interface ConnectionModule {
  readonly NatsConnectionImpl: { readonly prototype: object };
}

export function patchConnection(
  { NatsConnectionImpl: { prototype } }: ConnectionModule,
  file: LoadedFile,
  instrumenter: MessagingInstrumenter,
): void {
  const createHeaders = headersFactory(file);
  replacePublish(prototype, instrumenter, createHeaders);
  replaceRequest(prototype, instrumenter, createHeaders);
  replaceSubscribe(prototype, instrumenter);
}

/** Returns the library's `headers()`, from the file beside the patched one. */
function headersFactory({ directory, file }: LoadedFile): () => Headers {
  const require = createRequire(join(directory, file));
  const module = require("./headers.js") as { headers(): Headers };
  return () => module.headers();
}

interface PublishOptions {
  readonly headers?: Headers;
}

type PublishArgs = [string, unknown, PublishOptions?, ...unknown[]];

function replacePublish(
  prototype: object,
  instrumenter: MessagingInstrumenter,
  createHeaders: () => Headers,
): void {
  replaceMethod<ConnectionLike, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      if (runningMethod.get() === "request") return Reflect.apply(original, this, args);
      const operation = startSend(this, args[0], "publish", instrumenter);
      if (operation === undefined) return Reflect.apply(original, this, args);
      return runSend(operation, () =>
        Reflect.apply(
          original,
          this,
          withHeaders(this, args, operation.propagationHeaders, createHeaders),
        ),
      );
    };
  });
}

function replaceRequest(
  prototype: object,
  instrumenter: MessagingInstrumenter,
  createHeaders: () => Headers,
): void {
  replaceMethod<ConnectionLike, PublishArgs>(prototype, "request", (original) => {
    return function request(...args) {
      const name = runningMethod.get() === "jetstream publish" ? "publish" : "request";
      const operation = startSend(this, args[0], name, instrumenter);
      if (operation === undefined) return Reflect.apply(original, this, args);
      return runAsyncSend(operation, () => {
        const changed = withHeaders(this, args, operation.propagationHeaders, createHeaders);
        return runningMethod.run(
          "request",
          () => Reflect.apply(original, this, changed) as Promise<unknown>,
        );
      });
    };
  });
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

/** Copies the app's headers, which it may use again. */
function withHeaders(
  { protocol }: ConnectionLike,
  args: PublishArgs,
  propagationHeaders: PropagationHeaders,
  createHeaders: () => Headers,
): PublishArgs {
  // A server without support for headers rejects messages that have some.
  if (protocol?.info?.headers !== true) return args;
  const [subject, data, options, ...rest] = args;
  const headers = createHeaders();
  for (const [name, values] of options?.headers ?? []) {
    for (const value of values) headers.append(name, value);
  }
  for (const [name, value] of Object.entries(propagationHeaders)) headers.set(name, value);
  return [subject, data, { ...options, headers }, ...rest];
}

type Callback = (error: unknown, message: Message) => unknown;

interface SubscribeOptions {
  readonly callback?: Callback;
  readonly queue?: string;
}

/** Traces subscriptions with a callback; the others deliver by an iterator. */
function replaceSubscribe(prototype: object, instrumenter: MessagingInstrumenter): void {
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
          const unit = isMessage
            ? instrumenter.startProcess(receivedMessageOf(message, subject, options?.queue, broker))
            : undefined;
          return unit === undefined ? call() : runUnitOfWork(unit, call, { caller: "catches" });
        };
        const changed = { ...options, callback: wrapped };
        return Reflect.apply(original, this, [subject, changed, ...rest]);
      };
    },
  );
}
