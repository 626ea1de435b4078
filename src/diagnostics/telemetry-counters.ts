/** Why something that was made never arrived. */
export type DropReason =
  | "queue_full"
  | "rejected"
  | "failed"
  | "shutdown"
  | "unsampled"
  /** A filter of the app's said no (Sentry's `beforeSend` and event processors). */
  | "filtered";

/**
 * The books of one signal: at any moment `made = sent + dropped + queued`.
 * Whoever makes, sends or drops says so here; `queued` follows.
 */
export class SignalCounters {
  created = 0;
  /** Epoch milliseconds of the latest delivery and of the latest failed one, for `/healthz`. */
  lastSentAt: number | undefined = undefined;
  lastFailedAt: number | undefined = undefined;
  /** Epoch milliseconds until when nothing is sent, because the peer asked for a pause. */
  pausedUntil = 0;
  #sent = 0;
  readonly dropped: Record<DropReason, number> = {
    queue_full: 0,
    rejected: 0,
    failed: 0,
    shutdown: 0,
    unsampled: 0,
    filtered: 0,
  };

  get sent(): number {
    return this.#sent;
  }

  /** Written once per batch, so the clock costs nothing here. */
  set sent(total: number) {
    if (total > this.#sent) this.lastSentAt = Date.now();
    this.#sent = total;
  }

  drop(reason: DropReason, count: number): void {
    this.dropped[reason] += count;
    if (count > 0 && (reason === "failed" || reason === "rejected")) this.lastFailedAt = Date.now();
  }

  get droppedTotal(): number {
    let sum = 0;
    for (const count of Object.values(this.dropped)) sum += count;
    return sum;
  }

  get queued(): number {
    return this.created - this.sent - this.droppedTotal;
  }
}

export type SignalName = "spans" | "logs" | "metrics" | "events";

/** All books of the process, by signal. */
export type TelemetryCounters = Readonly<Record<SignalName, SignalCounters>>;

export function createTelemetryCounters(): TelemetryCounters {
  return {
    spans: new SignalCounters(),
    logs: new SignalCounters(),
    metrics: new SignalCounters(),
    events: new SignalCounters(),
  };
}
