import type { Context as ApiContext } from "@opentelemetry/api";
import { activeContext, runWithContext } from "../../context/manager.ts";

/** Context key that is set while an event is processed. */
const PROCESSING_KEY = Symbol("telltale.event-processing");

/** Processes an event, with the app's filters, which may be asynchronous. */
export function processEvent<R>(work: () => R): R {
  return runWithContext(activeContext().setValue(PROCESSING_KEY, true), work);
}

/**
 * Whether a context is that of a filter: an error that a filter logs is no event, since
 * the filter would get that, too.
 */
export function isProcessingEvent(context: ApiContext): boolean {
  return context.getValue(PROCESSING_KEY) === true;
}
