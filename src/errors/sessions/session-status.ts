import type { EventHint } from "@sentry/core";
import type { ErrorSlot } from "../../context/unit-views.ts";

/**
 * Records an error on the session of the request that it was captured in, also if a
 * filter drops its event, as Sentry's SDKs do.
 */
export function recordSessionStatus(
  unit: ErrorSlot | undefined,
  hint: EventHint | undefined,
): void {
  if (unit === undefined) return;
  if (hint?.mechanism?.handled === false) unit.sessionStatus = "crashed";
  else unit.sessionStatus ??= "errored";
}
