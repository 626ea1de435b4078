import type { Event, EventHint } from "@sentry/core";
import { nameTransaction, type Origin } from "./origin.ts";
import { SourceLines } from "./source-lines.ts";

/** How long an event waits for the route of a request that goes on and on, in milliseconds. */
const MAX_WAIT_MS = 5_000;
/** Events that may wait; beyond that the oldest goes as it is. */
const MAX_WAITING = 100;

/** An event that is ready but for its route and its source lines. */
export interface Draft {
  readonly event: Event;
  readonly hint: EventHint;
  readonly origin: Origin;
}

/**
 * Between an event's capture and its envelope. Two things are not known, or not
 * without waiting, when an error is captured: the route, which a framework may
 * not have found yet, and the source lines, which have to be read from disk.
 */
export class Outbox {
  readonly #send: (draft: Draft) => void;
  readonly #lines: SourceLines | undefined;
  readonly #waiting = new Set<Draft>();

  /** @param send makes the envelope and hands it on; synchronous, must not throw. */
  constructor(send: (draft: Draft) => void, withSourceLines: boolean) {
    this.#send = send;
    this.#lines = withSourceLines ? new SourceLines() : undefined;
  }

  add(draft: Draft): void {
    if (this.#waiting.size >= MAX_WAITING) this.#handOldest();
    this.#waiting.add(draft);
    const { holder } = draft.origin;
    nameTransaction(draft.event, draft.origin);
    const routeMayCome =
      holder?.method !== undefined && !holder.ended && draft.event.transaction === undefined;
    if (!routeMayCome) {
      this.#complete(draft);
      return;
    }
    holder.whenEnded(() => this.#complete(draft));
    setTimeout(() => this.#complete(draft), MAX_WAIT_MS).unref();
  }

  /** Sends all, as complete as they get at once. */
  sendNow(): void {
    for (const draft of this.#waiting) {
      nameTransaction(draft.event, draft.origin);
      this.#lines?.addNow(draft.event);
      this.#hand(draft);
    }
  }

  #complete(draft: Draft): void {
    if (!this.#waiting.has(draft)) return;
    nameTransaction(draft.event, draft.origin);
    if (this.#lines === undefined || this.#lines.addKnown(draft.event)) this.#hand(draft);
    else void this.#lines.add(draft.event).then(() => this.#hand(draft));
  }

  #handOldest(): void {
    for (const draft of this.#waiting) {
      this.#hand(draft);
      return;
    }
  }

  #hand(draft: Draft): void {
    if (this.#waiting.delete(draft)) this.#send(draft);
  }
}
