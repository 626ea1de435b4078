import type { Event, EventHint } from "@sentry/core";
import { setTransaction, type CaptureOrigin } from "./capture-origin.ts";
import { ContextLines } from "./context-lines.ts";

/** How long an event waits for the route of a request that goes on and on, in milliseconds. */
const MAX_WAIT_MS = 5_000;
/** Events that may wait; beyond that the oldest goes as it is. */
const MAX_PENDING = 100;

/** An event that is ready but for its route and its source lines. */
export interface PendingEvent {
  readonly event: Event;
  readonly hint: EventHint;
  readonly origin: CaptureOrigin;
}

/**
 * Between an event's capture and its envelope. Two things are not known, or not
 * without waiting, when an error is captured: the route, which a framework may
 * not have found yet, and the source lines, which have to be read from disk.
 */
export class PendingEvents {
  readonly #send: (pendingEvent: PendingEvent) => void;
  readonly #contextLines: ContextLines | undefined;
  readonly #pending = new Set<PendingEvent>();

  /** @param send makes the envelope and hands it on; synchronous, must not throw. */
  constructor(send: (pendingEvent: PendingEvent) => void, withSourceLines: boolean) {
    this.#send = send;
    this.#contextLines = withSourceLines ? new ContextLines() : undefined;
  }

  add(pendingEvent: PendingEvent): void {
    if (this.#pending.size >= MAX_PENDING) this.#sendOldest();
    this.#pending.add(pendingEvent);
    const { unit } = pendingEvent.origin;
    setTransaction(pendingEvent.event, pendingEvent.origin);
    const isRoutePending =
      unit?.method !== undefined && !unit.ended && pendingEvent.event.transaction === undefined;
    if (!isRoutePending) {
      this.#finish(pendingEvent);
      return;
    }
    unit.onEnded(() => this.#finish(pendingEvent));
    setTimeout(() => this.#finish(pendingEvent), MAX_WAIT_MS).unref();
  }

  /** Sends all, as complete as they get at once. */
  sendAllNow(): void {
    for (const pendingEvent of this.#pending) {
      setTransaction(pendingEvent.event, pendingEvent.origin);
      this.#contextLines?.addSync(pendingEvent.event);
      this.#sendOnce(pendingEvent);
    }
  }

  #finish(pendingEvent: PendingEvent): void {
    if (!this.#pending.has(pendingEvent)) return;
    setTransaction(pendingEvent.event, pendingEvent.origin);
    if (this.#contextLines === undefined || this.#contextLines.addCached(pendingEvent.event))
      this.#sendOnce(pendingEvent);
    else void this.#contextLines.add(pendingEvent.event).then(() => this.#sendOnce(pendingEvent));
  }

  #sendOldest(): void {
    for (const pendingEvent of this.#pending) {
      this.#sendOnce(pendingEvent);
      return;
    }
  }

  #sendOnce(pendingEvent: PendingEvent): void {
    if (this.#pending.delete(pendingEvent)) this.#send(pendingEvent);
  }
}
