import type { Envelope, EventDropReason } from "@sentry/core";
import type { DropReason, SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import { countEvents, type ItemLoss, itemLosses, type RecordLoss } from "./envelope-items.ts";
import type { EnvelopeRequest } from "./envelope-request.ts";

/** Counts the envelopes that the transport loses, and records their items for the next client report. */
export class EnvelopeLosses {
  readonly #counters: SignalCounters;
  readonly #recordLoss: RecordLoss;

  constructor(counters: SignalCounters, recordLoss: RecordLoss) {
    this.#counters = counters;
    this.#recordLoss = recordLoss;
  }

  add(envelope: Envelope, dropReason: DropReason, reason: EventDropReason): void {
    this.#add(countEvents(envelope), itemLosses(envelope), dropReason, reason);
  }

  /**
   * Does the same with a request, and finishes it.
   *
   * @param reason undefined if Sentry counts the items itself.
   */
  addRequest(
    request: EnvelopeRequest,
    dropReason: DropReason,
    reason: EventDropReason | undefined,
  ): void {
    this.#add(request.events, request.losses, dropReason, reason);
    request.finish();
  }

  #add(
    events: number,
    losses: readonly ItemLoss[],
    dropReason: DropReason,
    reason: EventDropReason | undefined,
  ): void {
    this.#counters.drop(dropReason, events);
    for (const { reason: own = reason, category, quantity } of losses) {
      if (own !== undefined) this.#recordLoss(own, category, quantity);
    }
  }
}
