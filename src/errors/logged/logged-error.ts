import type { Context as ApiContext } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { Event, Scope } from "@sentry/core";
import { isTracingSuppressed } from "../../context/context.ts";
import { activeContext, runWithContext } from "../../context/manager.ts";
import { propertyOf } from "../../property.ts";
import { isProcessingEvent } from "../filters/event-processing.ts";
import type { LoggedErrorHint } from "./line-duplicates.ts";
import { levelOf, libraryOf, lineFields, lineText, loggerNameOf } from "./log-line.ts";

/**
 * Captures an error that the app has logged.
 *
 * @param context the context of the line.
 */
export function captureLogged(
  capture: (hint: LoggedErrorHint) => string | undefined,
  error: object,
  record: ReadableLogRecord,
  context: ApiContext,
): string | undefined {
  if (isTracingSuppressed(context) || isProcessingEvent(context)) return undefined;
  const captureLine = (): string | undefined => capture(loggedErrorHint(error, record));
  // A busy logger handles a line after the call.
  return context === activeContext() ? captureLine() : runWithContext(context, captureLine);
}

/** Returns the hint for the event of an error that the app has logged: the line becomes its context `log`. */
function loggedErrorHint(error: object, record: ReadableLogRecord): LoggedErrorHint {
  return {
    originalException: error,
    loggedLine: lineText(record),
    mechanism: { type: `auto.log.${libraryOf(record)}`, handled: true },
    captureContext: (scope) => addLine(scope, error, record),
  };
}

/** @param scope a copy, for this event only. */
function addLine(scope: Scope, error: object, record: ReadableLogRecord): Scope {
  const logger = loggerNameOf(record);
  // The event shows the error anyway.
  const { "exception.type": _, "exception.message": __, ...fields } = lineFields(record);
  return scope
    .setLevel(levelOf(record))
    .setContext("log", { ...fields, message: withoutFrames(lineText(record)) })
    .addEventProcessor((event) => {
      event.logger = logger;
      hideMessage(event, error, record);
      return event;
    });
}

/** Removes the stack from a line that shows an error as the console does. */
function withoutFrames(line: string): string {
  const frames = line.indexOf("\n    at ");
  return frames === -1 ? line : line.slice(0, frames);
}

/** Shows the message of the error as the line does, where the app has replaced it there: it may have been a secret. */
function hideMessage(event: Event, error: object, { attributes }: ReadableLogRecord): void {
  const shown = attributes["exception.message"];
  const message = propertyOf(error, "message");
  const exception = event.exception?.values?.at(-1);
  if (typeof shown !== "string" || typeof message !== "string" || exception === undefined) return;
  // A serializer may append the messages of causes, and a limit may truncate it.
  if (!shown.startsWith(message) && !message.startsWith(shown)) exception.value = shown;
}
