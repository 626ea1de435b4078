import type { Event, EventHint } from "@sentry/core";
import { setTransaction, transactionOf, type CaptureOrigin } from "./capture-origin.ts";
import { isMinimal } from "./filters/minimal-event.ts";
import { FrameSources } from "./frames/frame-sources.ts";

/** How long an event waits for the route of a long request, in milliseconds. */
const MAX_WAIT_MS = 5_000;
/** Maximum number of pending events; beyond that the oldest is sent as it is. */
const MAX_PENDING = 100;

/** How long reading sources may block the process, for all events together, in milliseconds. */
const MAX_BLOCKING_MS = 200;

/** An event without its route and source lines. */
export interface PendingEvent {
  readonly event: Event;
  readonly hint: EventHint;
  readonly origin: CaptureOrigin;
  /** Whether its route is unknown, and may be one that is ignored: it is not linked yet. */
  readonly mayBeIgnored: boolean;
}

/** Whether the route of an event may become known before its request ends. */
export function awaitsRoute(event: Event, origin: CaptureOrigin): boolean {
  const { unit } = origin;
  if (unit?.method === undefined || unit.ended) return false;
  return transactionOf(event, origin) === undefined;
}

/**
 * Holds events between their capture and their envelope. Two parts of an event are
 * not available when an error is captured: the route, which a framework may not have
 * matched yet, and its sources, which are read from disk.
 */
export class PendingEvents {
  readonly #send: (pendingEvent: PendingEvent) => void;
  readonly #frameSources: FrameSources | undefined;
  readonly #pending = new Set<PendingEvent>();

  /** @param send creates and sends the envelope; synchronous, must not throw. */
  constructor(send: (pendingEvent: PendingEvent) => void, withSourceLines: boolean) {
    this.#send = send;
    this.#frameSources = withSourceLines ? new FrameSources() : undefined;
  }

  add(pendingEvent: PendingEvent): void {
    if (this.#pending.size >= MAX_PENDING) this.#sendOldest();
    this.#pending.add(pendingEvent);
    const { event, origin } = pendingEvent;
    setTransaction(event, origin);
    if (!awaitsRoute(event, origin)) {
      this.#finish(pendingEvent);
      return;
    }
    origin.unit?.onEnded(() => this.#finish(pendingEvent));
    setTimeout(() => this.#finish(pendingEvent), MAX_WAIT_MS).unref();
  }

  /** Sends all events, as complete as possible without waiting. */
  sendAllNow(): void {
    const deadline = performance.now() + MAX_BLOCKING_MS;
    for (const pendingEvent of this.#pending) {
      setTransaction(pendingEvent.event, pendingEvent.origin);
      if (!isMinimal(pendingEvent.event)) this.#frameSources?.addSync(pendingEvent.event, deadline);
      this.#sendOnce(pendingEvent);
    }
  }

  #finish(pendingEvent: PendingEvent): void {
    if (!this.#pending.has(pendingEvent)) return;
    const { event, origin } = pendingEvent;
    const frameSources = isMinimal(event) ? undefined : this.#frameSources;
    setTransaction(event, origin);
    if (frameSources === undefined || frameSources.addCached(event)) this.#sendOnce(pendingEvent);
    else void frameSources.add(event).then(() => this.#sendOnce(pendingEvent));
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
