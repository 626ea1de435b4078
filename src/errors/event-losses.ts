import type { DataCategory, Event, EventDropReason, EventHint } from "@sentry/core";
import type { DropReason, EventCounters } from "../diagnostics/telemetry-counters.ts";
import { activeContext } from "../context/manager.ts";
import { type EventProcessing, processingIn } from "./filters/event-processing.ts";

/** Delay of a client report, which collects several losses, in milliseconds. */
const CLIENT_REPORT_DELAY_MS = 60_000;

/**
 * Sentry's reason for items that are dropped to reduce load, which the types lack.
 * https://develop.sentry.dev/sdk/telemetry/client-reports/#sdk-side-recommendations
 */
export const BACKPRESSURE = "backpressure" as EventDropReason;

/** Drop reasons of the client's filters, and the reasons that the counters use. */
const filterReasons: Partial<Record<EventDropReason, DropReason>> = {
  sample_rate: "unsampled",
  before_send: "filtered",
  event_processor: "filtered",
  callback_error: "filtered",
};

/** Sentry's categories of the events that the counters have. */
export type CountedCategory = "error" | "feedback";

/** Returns the category of an error, a message or feedback; undefined for Sentry's transactions and others. */
export function countedCategoryOf({ type }: Event): CountedCategory | undefined {
  if (type === undefined) return "error";
  return type === "feedback" ? type : undefined;
}

/** The part of Sentry's client that collects losses and reports them. */
export interface LossReporter {
  record(reason: EventDropReason, category: DataCategory, quantity: number): void;
  /** Sends the client report. */
  report(): void;
}

/** Counts the events that the client loses, and reports all losses to Sentry a minute after the first one. */
export class EventLosses {
  readonly #counters: EventCounters;
  readonly #reporter: LossReporter;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(counters: EventCounters, reporter: LossReporter) {
    this.#counters = counters;
    this.#reporter = reporter;
  }

  /** Whether there is something to report. */
  get isReportDue(): boolean {
    return this.#timer !== undefined;
  }

  /** Counts a lost event, and records it for the next client report. */
  drop(dropReason: DropReason, reason: EventDropReason, category: DataCategory = "error"): void {
    this.#counters.drop(dropReason, 1);
    this.record(reason, category, 1);
  }

  /** Does the same with an event that sampling and filters have kept, and its attachments. */
  dropPrepared(
    { attachments = [] }: EventHint,
    dropReason: DropReason,
    reason: EventDropReason,
    category: DataCategory,
  ): void {
    this.drop(dropReason, reason, category);
    this.record(reason, "attachment", attachments.length);
  }

  /** Records what Sentry's client has dropped itself: by sampling, a filter, or because it is full. */
  recordDropped(reason: EventDropReason, category: DataCategory, quantity: number): void {
    // Sentry does not know a category of messages; they are errors without an exception.
    const reported = category === "unknown" ? "error" : category;
    if (reported === "error" || reported === "feedback") this.#onDropped(reason, quantity);
    this.record(reason, reported, quantity);
  }

  #onDropped(reason: EventDropReason, count: number): void {
    if (reason === "queue_overflow") {
      // The app's asynchronous processors hold too many events: this one was not counted as created.
      this.#counters.created += count;
      this.#counters.drop("queue_full", count);
      return;
    }
    // `dropProcessed` counts it.
    const processing = processingIn(activeContext());
    if (processing !== undefined) processing.dropReason = reason;
  }

  /**
   * Counts an event that was dropped while it was processed: by sampling or a filter, which
   * is recorded already, or because the processing has failed.
   */
  dropProcessed({ dropReason: reason }: EventProcessing, category: DataCategory): void {
    if (reason === undefined) this.drop("failed", "internal_sdk_error", category);
    else this.#counters.drop(filterReasons[reason] ?? "failed", 1);
  }

  /** Records lost items that are already counted, for the next client report. */
  record(reason: EventDropReason, category: DataCategory, quantity: number): void {
    if (quantity === 0) return;
    this.#reporter.record(reason, category, quantity);
    this.#timer ??= setTimeout(() => this.report(), CLIENT_REPORT_DELAY_MS).unref();
  }

  /** Sends the client report now, if there is something to report. */
  report(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#reporter.report();
  }
}
