import type { Probe } from "./probe.ts";
import type { UrlState } from "./state-file.ts";

/** What an alert is about. */
export type Notice = "down" | "recovered" | "certificate";

/** An alert that another process was sending for longer has failed with it. */
const MAX_PENDING_MS = 10 * 60_000;

export interface Transition {
  readonly state: UrlState;
  readonly notice: Notice | undefined;
}

/** Returns the state after a check, and the alert to send. The state has it as being sent. */
export function afterCheck(
  before: UrlState,
  { isUp }: Pick<Probe, "isUp">,
  rules: { readonly failures: number; readonly now: number },
): Transition {
  const { now } = rules;
  const alert = settledAlert(before, now);
  if (isUp) {
    // A recovery that is not taken is sent again, with the start of the failures.
    const failingSince = alert === "none" ? undefined : before.failingSince;
    const state = { ...before, alert, failures: 0, failingSince };
    if (alert !== "sent") return { state, notice: undefined };
    return { state: { ...state, alert: "recovering", alertAt: now }, notice: "recovered" };
  }
  const failures = before.failures + 1;
  const isKnown = before.failures > 0 || alert === "sent";
  const failingSince = (isKnown ? before.failingSince : undefined) ?? now;
  const state = { ...before, alert, failures, failingSince };
  if (failures < rules.failures || alert !== "none") return { state, notice: undefined };
  return { state: { ...state, alert: "sending", alertAt: now }, notice: "down" };
}

function settledAlert({ alert, alertAt }: UrlState, now: number): UrlState["alert"] {
  if (now - alertAt <= MAX_PENDING_MS) return alert;
  if (alert === "sending") return "none";
  return alert === "recovering" ? "sent" : alert;
}

/** Returns the state after an alert was sent or not. What was not sent is due again. */
export function afterNotice(state: UrlState, notice: Notice, isSent: boolean): UrlState {
  if (notice === "certificate") return isSent ? state : { ...state, warnedExpiry: undefined };
  const isKnownDown = (notice === "down") === isSent;
  return { ...state, alert: isKnownDown ? "sent" : "none" };
}

/** Returns the state with the expiry of a certificate, of which one warning is sent. */
export function afterExpiry(state: UrlState, expires: number): Transition {
  if (state.warnedExpiry === expires) return { state, notice: undefined };
  return { state: { ...state, warnedExpiry: expires }, notice: "certificate" };
}
