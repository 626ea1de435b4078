import type { Event, EventHint } from "@sentry/core";
import { setTransaction, transactionOf, type CaptureOrigin } from "./capture-origin.ts";
import { isMinimal } from "./filters/minimal-event.ts";

/** How long an event waits for the route of a long request, in milliseconds. */
const MAX_WAIT_MS = 5_000;
/** Maximum number of pending events; beyond that the oldest is sent as it is. */
const MAX_PENDING = 100;

/** How long reading files may block the process, for all events together, in milliseconds. */
const MAX_BLOCKING_MS = 200;

/** A part of events that is read from disk: when an event first needs it, and then from a cache. */
export interface EventCompletion {
  /** Adds what is cached. Returns whether nothing is missing. */
  addCached(event: Event): boolean;
  /** Reads and adds what is missing. Never rejects. */
  add(event: Event): Promise<void>;
  /** Does the same synchronously, as far as it can until `deadline`, a time of `performance.now()`. */
  addSync(event: Event, deadline: number): void;
}

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
 * Holds events between their capture and their envelope. Parts of an event are
 * not available when an error is captured: the route, which a framework may not have
 * matched yet, and what is read from disk.
 */
export class PendingEvents {
  readonly #send: (pendingEvent: PendingEvent) => void;
  readonly #completions: readonly EventCompletion[];
  readonly #pending = new Set<PendingEvent>();

  /** @param send creates and sends the envelope; synchronous, must not throw. */
  constructor(send: (pendingEvent: PendingEvent) => void, completions: readonly EventCompletion[]) {
    this.#send = send;
    this.#completions = completions;
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
      for (const completion of this.#completionsOf(pendingEvent)) {
        completion.addSync(pendingEvent.event, deadline);
      }
      this.#sendOnce(pendingEvent);
    }
  }

  #finish(pendingEvent: PendingEvent): void {
    if (!this.#pending.has(pendingEvent)) return;
    setTransaction(pendingEvent.event, pendingEvent.origin);
    const { event } = pendingEvent;
    const missing = this.#completionsOf(pendingEvent).filter(
      (completion) => !completion.addCached(event),
    );
    if (missing.length === 0) this.#sendOnce(pendingEvent);
    else {
      const added = Promise.all(missing.map((completion) => completion.add(event)));
      void added.then(() => this.#sendOnce(pendingEvent));
    }
  }

  #completionsOf({ event }: PendingEvent): readonly EventCompletion[] {
    return isMinimal(event) ? [] : this.#completions;
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
