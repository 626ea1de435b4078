import type { ErrorEvent, Event, Exception, StackFrame } from "@sentry/core";
import { readProperty } from "../readable-error.ts";

/** Maximum length of a text, and of a list of exceptions or frames. */
const MAX_LENGTH = 500;
const MAX_ENTRIES = 100;

/** The context that marks a minimal event. */
const MARK = "before_send";

/**
 * Returns what is sent of an event whose filter has failed: enough to find the error,
 * and nothing that a filter might have to remove. That is the class and the stack of
 * errors, ids, level, environment and release, but no message, value, data of scopes,
 * request, or line of source.
 *
 * @param event may be anything after a filter has changed it.
 * @param failure why, in a few words.
 */
export function minimalEvent(event: Event, failure: string): ErrorEvent {
  const note = `(not sent: ${failure})`;
  const exceptions = listOf(readProperty(readProperty(event, "exception"), "values"));
  return {
    type: undefined,
    ...pick(event, ["event_id", "level", "platform", "environment", "release", "dist"]),
    ...numberOf(event, "timestamp"),
    ...((isMessage(event) || exceptions.length === 0) && { message: note }),
    ...(exceptions.length > 0 && {
      exception: { values: exceptions.map((exception) => minimalException(exception, note)) },
    }),
    ...minimalTags(event),
    contexts: { ...traceOf(event), [MARK]: { failure } },
    // Of Sentry's client, and not sent itself.
    sdkProcessingMetadata: event.sdkProcessingMetadata ?? {},
  };
}

/** Whether an event has been reduced by `minimalEvent`. */
export function isMinimal(event: Event): boolean {
  return event.contexts?.[MARK] !== undefined;
}

/** Whether an event is a captured message, which may have a stack as well. */
function isMessage(event: Event): boolean {
  return ["message", "logentry"].some((key) => readProperty(event, key) !== undefined);
}

function minimalException(exception: unknown, note: string): Exception {
  const mechanism = readProperty(exception, "mechanism");
  const frames = listOf(readProperty(readProperty(exception, "stacktrace"), "frames"));
  return {
    ...pick(exception, ["type"]),
    value: note,
    ...(frames.length > 0 && { stacktrace: { frames: frames.map(minimalFrame) } }),
    ...(mechanism !== undefined && {
      mechanism: {
        type: "generic",
        ...pick(mechanism, ["type"]),
        ...booleanOf(mechanism, "handled"),
        ...numberOf(mechanism, "exception_id"),
        ...numberOf(mechanism, "parent_id"),
      },
    }),
  };
}

function minimalFrame(frame: unknown): StackFrame {
  return {
    ...pick(frame, ["filename", "function", "module"]),
    ...numberOf(frame, "lineno"),
    ...numberOf(frame, "colno"),
    ...booleanOf(frame, "in_app"),
  };
}

function minimalTags(event: Event): Pick<Event, "tags"> {
  const tags = pick(readProperty(event, "tags"), ["request_id"]);
  return Object.keys(tags).length === 0 ? {} : { tags };
}

/** Returns the ids of the trace. */
function traceOf(event: Event): Record<string, Record<string, string>> {
  const trace = readProperty(readProperty(event, "contexts"), "trace");
  const ids = pick(trace, ["trace_id", "span_id", "parent_span_id"]);
  return "trace_id" in ids && "span_id" in ids ? { trace: ids } : {};
}

/** Returns the properties that are texts. */
function pick(from: unknown, keys: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const key of keys) {
    const value = readProperty(from, key);
    if (typeof value === "string") picked[key] = value.slice(0, MAX_LENGTH);
  }
  return picked;
}

function numberOf(from: unknown, key: string): Record<string, number> {
  const value = readProperty(from, key);
  return typeof value === "number" ? { [key]: value } : {};
}

function booleanOf(from: unknown, key: string): Record<string, boolean> {
  const value = readProperty(from, key);
  return typeof value === "boolean" ? { [key]: value } : {};
}

/** Returns the last entries: frames and exceptions are in the order of calls. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]).slice(-MAX_ENTRIES) : [];
}
