import type { ReceivedEvent } from "../../../src/testing/received.ts";
import type { ThrownValue } from "./values.ts";

/** Mechanism, type and text of the exception, the number of its exceptions, and the transaction. */
export type EventSummary = readonly [
  mechanism: unknown,
  type: unknown,
  text: unknown,
  exceptions: unknown,
  transaction: unknown,
];

/** Long enough for all values, and not for the huge one. */
const MAX_TEXT = 60;

export function summaryOf({ exception, transaction }: ReceivedEvent): EventSummary {
  const { values = [] } = exception ?? {};
  const { mechanism, type, value } = values.at(-1) ?? {};
  return [mechanism?.["type"], type, value?.slice(0, MAX_TEXT), values.length, transaction];
}

/** Returns the summary of the event of a value that is captured in a transaction. */
export function expectedSummary(
  mechanism: string | undefined,
  { type, text, exceptions = 1 }: Omit<ThrownValue, "name">,
  transaction: string | undefined,
): EventSummary {
  return [mechanism, type, text.slice(0, MAX_TEXT), exceptions, transaction];
}
