import {
  type Envelope,
  type Event,
  forEachEnvelopeItem,
  serializeEnvelope,
  type TransportMakeRequestResponse,
} from "@sentry/core";
import type { HttpAttempt } from "../../export/connection/http-client.ts";
import { fitEvent } from "../event-size.ts";

/** A larger event that the peer rejects with 413 is sent once more, reduced to this size. */
const REDUCED_EVENT_BYTES = 200_000;

/** An envelope that is queued or in flight. */
export class EnvelopeRequest {
  body: Uint8Array;
  /** Number of its events, for the counters. */
  readonly events: number;
  /** Undefined once it cannot be reduced any more. */
  #envelope: Envelope | undefined;
  readonly resolve: (response: TransportMakeRequestResponse) => void;
  readonly reject: (error: Error) => void;
  attempt: HttpAttempt | undefined = undefined;
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

  /** Whether the kernel has all of it, and delivers it even if the process ends. */
  get isWritten(): boolean {
    return this.attempt?.isFullyWritten() === true;
  }

  /** Reduces the body. Returns false if there is nothing to reduce. */
  reduce(): boolean {
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
    const { attempt } = this;
    this.attempt = undefined;
    attempt?.abort("aborted");
  }
}

/** Types of items that are counted as events. */
const countedTypes: ReadonlySet<string> = new Set(["event", "feedback", "check_in"]);

export function countEvents(envelope: Envelope): number {
  let count = 0;
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (countedTypes.has(type)) count++;
  });
  return count;
}
