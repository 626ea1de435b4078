import type { ClientRequest } from "node:http";
import {
  type Envelope,
  type Event,
  forEachEnvelopeItem,
  serializeEnvelope,
  type TransportMakeRequestResponse,
} from "@sentry/core";
import { fitEvent } from "./event-size.ts";

/** What is answered with 413 is tried once more in this size, if it was larger. */
const REDUCED_EVENT_BYTES = 200_000;

/** One envelope on its way. */
export class EnvelopeRequest {
  body: Uint8Array;
  /** How many events it holds, for the books. */
  readonly events: number;
  /** As long as it may have to be made smaller. */
  #envelope: Envelope | undefined;
  readonly resolve: (response: TransportMakeRequestResponse) => void;
  readonly reject: (error: Error) => void;
  request: ClientRequest | undefined = undefined;
  isRetry = false;

  constructor(
    body: Uint8Array,
    envelope: Envelope | undefined,
    resolve: (response: TransportMakeRequestResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.body = body;
    this.events = envelope === undefined ? 0 : countEvents(envelope);
    this.#envelope = body.length > REDUCED_EVENT_BYTES ? envelope : undefined;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Whether the kernel has all of it: then it arrives whatever becomes of us. */
  get isWritten(): boolean {
    return this.request?.writableFinished === true && !this.isConnecting;
  }

  get isConnecting(): boolean {
    const socket = this.request?.socket;
    return this.request !== undefined && (socket === null || socket?.connecting === true);
  }

  /** The peer closed a connection that was kept alive, just as we took it. */
  isRetriable(error: NodeJS.ErrnoException): boolean {
    return !this.isRetry && this.request?.reusedSocket === true && error.code === "ECONNRESET";
  }

  /** @returns false if there is nothing to be made smaller. */
  shrink(): boolean {
    if (this.#envelope === undefined) return false;
    const [head, items] = this.#envelope as [object, (readonly [{ type: string }, Event])[]];
    const fittedItems = items.map(
      ([itemHead, payload]) =>
        [
          itemHead,
          itemHead.type === "event" ? fitEvent(payload, REDUCED_EVENT_BYTES) : payload,
        ] as const,
    );
    this.#envelope = undefined;
    this.body = Buffer.from(serializeEnvelope([head, fittedItems] as unknown as Envelope));
    return true;
  }

  abort(): void {
    this.request?.destroy();
    this.request = undefined;
  }
}

export function countEvents(envelope: Envelope): number {
  let count = 0;
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (type === "event") count++;
  });
  return count;
}
