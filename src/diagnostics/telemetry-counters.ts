/** The reason why an item was dropped. */
export type DropReason =
  | "queue_full"
  | "rejected"
  | "failed"
  | "shutdown"
  | "unsampled"
  /** Dropped from the buffer of traces that are not decided, because that was full. */
  | "buffer_full"
  /** Dropped by a filter: ignored errors, and Sentry's `beforeSend` and event processors. */
  | "filtered"
  /** Suppressed because the same error occurs too often. */
  | "repeated";

/**
 * The counters of one signal, for which `created = sent + dropped + queued` always
 * holds. Created, sent and dropped items are counted here, and `queued` is derived.
 */
export class SignalCounters {
  created = 0;
  /** Those of `created` that an earlier process has stored on disk, and that this one has taken over. */
  recovered = 0;
  /** Those of `queued` that are on disk. */
  stored = 0;
  /** Epoch milliseconds of the latest successful and failed export, for `/healthz`. */
  lastSentAt: number | undefined = undefined;
  lastFailedAt: number | undefined = undefined;
  /** Time in which the collection, encoding and sending of its items kept the event loop busy, in milliseconds. */
  busyMs = 0;
  /** Epoch milliseconds until which nothing is sent, because the receiver requested a pause. */
  pausedUntil = 0;
  #sent = 0;
  readonly dropped: Record<DropReason, number> = {
    queue_full: 0,
    rejected: 0,
    failed: 0,
    shutdown: 0,
    unsampled: 0,
    buffer_full: 0,
    filtered: 0,
    repeated: 0,
  };

  get sent(): number {
    return this.#sent;
  }

  /** Set once per batch, so reading the clock is cheap enough. */
  set sent(total: number) {
    if (total > this.#sent) this.lastSentAt = Date.now();
    this.#sent = total;
  }

  drop(reason: DropReason, count: number): void {
    this.dropped[reason] += count;
    if (count > 0 && (reason === "failed" || reason === "rejected")) this.lastFailedAt = Date.now();
  }

  /** Runs synchronous work, and adds its time. */
  measure<R>(work: () => R): R {
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      this.busyMs += performance.now() - startedAt;
    }
  }

  /** Records a failure after which the items stay queued. It is later than a success of the same millisecond. */
  markFailed(): void {
    this.lastFailedAt = Math.max(Date.now(), (this.lastSentAt ?? 0) + 1);
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

/** What is exported of the trace that an event refers to. */
export type TraceCoverage = "complete" | "partial" | "missing";

export class EventCounters extends SignalCounters {
  /** Events that refer to a trace, by what is exported of it. */
  readonly traces: Record<TraceCoverage, number> = { complete: 0, partial: 0, missing: 0 };
}

/** `log_lines` are those of log files; `profiles` are continuous ones. */
export type SignalName = "spans" | "logs" | "metrics" | "events" | "log_lines" | "profiles";

/** The counters of the process, by signal. */
export interface TelemetryCounters extends Readonly<Record<SignalName, SignalCounters>> {
  readonly events: EventCounters;
}

export function createTelemetryCounters(): TelemetryCounters {
  return {
    spans: new SignalCounters(),
    logs: new SignalCounters(),
    metrics: new SignalCounters(),
    events: new EventCounters(),
    log_lines: new SignalCounters(),
    profiles: new SignalCounters(),
  };
}
