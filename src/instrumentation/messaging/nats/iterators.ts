import type { MessagingInstrumenter, UnitOfWorkHandle } from "../../../context/messaging.ts";
import { TracedAsyncIterator } from "../../../context/traced-async-iterator.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { startJetStreamProcess } from "./jetstream.ts";
import {
  brokerOf,
  type ConnectionLike,
  isInternal,
  type Message,
  receivedMessageOf,
} from "./message.ts";

export interface IteratorModule {
  readonly QueuedIteratorImpl: { readonly prototype: object };
}

/** A subscription, the messages of a JetStream consumer, or another iterator of the library. */
interface Iterator {
  readonly subject?: unknown;
  readonly queue?: string;
  readonly protocol?: ConnectionLike["protocol"] & { readonly options?: ConnectionLike["options"] };
}

export function patchIterators(
  { QueuedIteratorImpl: { prototype } }: IteratorModule,
  instrumenter: MessagingInstrumenter,
): void {
  replaceMethod<Iterator, []>(prototype, Symbol.asyncIterator, (original) => {
    return function () {
      const inner = Reflect.apply(original, this, []) as AsyncIterator<unknown>;
      return new TracedAsyncIterator(inner, (value) => startProcess(this, value, instrumenter));
    };
  });
}

/** Returns undefined for values that are no messages of the app. */
function startProcess(
  iterator: Iterator,
  value: unknown,
  instrumenter: MessagingInstrumenter,
): UnitOfWorkHandle | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const message = value as Message & { readonly ack?: unknown };
  if (typeof message.subject !== "string") return undefined;
  if (typeof message.ack === "function") return startJetStreamProcess(message, instrumenter);
  const { subject, queue, protocol } = iterator;
  const connection = { protocol, options: protocol?.options } as ConnectionLike;
  if (typeof subject !== "string" || isInternal(connection, subject)) return undefined;
  return instrumenter.startProcess(
    receivedMessageOf(message, subject, queue, brokerOf(connection)),
  );
}
