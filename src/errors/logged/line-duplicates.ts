import type { EventHint } from "@sentry/core";
import type { ErrorSlot } from "../../context/unit-views.ts";
import { propertyOf } from "../../property.ts";

/** The hint of an error that the app has logged. */
export interface LoggedErrorHint extends EventHint {
  /** The message of the line. */
  readonly loggedLine?: string;
}

/** An error that was captured in the present turn. */
interface Capture {
  readonly message: unknown;
  /** The message of its line, if it was logged. */
  readonly line: string | undefined;
  readonly unit: ErrorSlot | undefined;
  readonly id: string;
}

/**
 * Recognizes the errors that an app's transport for Sentry makes of lines: most create a
 * new one from the message of a line. It is captured in the same turn as the error that
 * was logged, before or after it, and has its message or that of the line.
 */
export class LineDuplicates {
  #captures: Capture[] = [];

  /** Returns the id of the event of the same line; undefined if there is none. */
  eventIdOf(
    error: unknown,
    hint: LoggedErrorHint | undefined,
    unit: ErrorSlot | undefined,
  ): string | undefined {
    if (this.#captures.length === 0) return undefined;
    const message = propertyOf(error, "message");
    const line = hint?.loggedLine;
    const texts = [message, line].filter((text) => typeof text === "string" && text !== "");
    return this.#captures.find(
      (other) =>
        other.unit === unit &&
        // One of the two is what the transport has made.
        (other.line === undefined) !== (line === undefined) &&
        texts.some((text) => text === other.message || text === other.line),
    )?.id;
  }

  add(
    error: unknown,
    hint: LoggedErrorHint | undefined,
    unit: ErrorSlot | undefined,
    id: string,
  ): void {
    if (this.#captures.length === 0) queueMicrotask(() => (this.#captures = []));
    this.#captures.push({
      message: propertyOf(error, "message"),
      line: hint?.loggedLine,
      unit,
      id,
    });
  }
}
