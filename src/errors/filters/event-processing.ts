import type { Context as ApiContext } from "@opentelemetry/api";
import type { EventDropReason } from "@sentry/core";
import { activeContext, runWithContext } from "../../context/manager.ts";

/** An event that is being processed. */
export interface EventProcessing {
  /** Why sampling or a filter has dropped it. */
  dropReason: EventDropReason | undefined;
}

/** Context key of the event that is being processed. */
const PROCESSING_KEY = Symbol("telltale.event-processing");

/** Processes an event, with the app's filters, which may be asynchronous. */
export function processEvent<R>(processing: EventProcessing, work: () => R): R {
  return runWithContext(activeContext().setValue(PROCESSING_KEY, processing), work);
}

/** Returns the event of a context; several may be in asynchronous filters. */
export function processingIn(context: ApiContext): EventProcessing | undefined {
  return context.getValue(PROCESSING_KEY) as EventProcessing | undefined;
}

/**
 * Whether a context is that of a filter: an error that a filter logs is no event, since
 * the filter would get that, too.
 */
export function isProcessingEvent(context: ApiContext): boolean {
  return processingIn(context) !== undefined;
}
