import type { ReceivedEvent } from "../../src/testing/received.ts";

/** The part of an event that tests compare. */
export interface EventSummary {
  readonly level: string | undefined;
  readonly type: string | undefined;
  readonly value: string | undefined;
  readonly mechanism: unknown;
  readonly handled: unknown;
}

/** Returns the events in the order of their capture. */
export function summarizeEvents(events: readonly ReceivedEvent[]): EventSummary[] {
  const byTime = events.toSorted((a, b) => Number(a["timestamp"]) - Number(b["timestamp"]));
  return byTime.map((event) => {
    const exception = event.exception?.values?.at(-1);
    return {
      level: event.level,
      type: exception?.type,
      value: exception?.value,
      mechanism: exception?.mechanism?.["type"],
      handled: exception?.mechanism?.["handled"],
    };
  });
}

/** Returns the message of an event, or that of its error. */
export function eventText(event: ReceivedEvent): string | undefined {
  const { message } = event;
  return typeof message === "string" ? message : event.exception?.values?.at(-1)?.value;
}
