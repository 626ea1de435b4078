import { setTimeout as sleep } from "node:timers/promises";
import type { Alert } from "../../alerts/alert.ts";
import { alertBody } from "../../alerts/alert-body.ts";
import { AlertClient, type AlertOutcome } from "../../alerts/alert-client.ts";
import type { AlertReceiver } from "../../config/config.ts";
import { isCutShort, pauseMs } from "../../export/connection/retry.ts";
import { version } from "../../version.ts";

/** The pause before the second attempt, unless the receiver asks for a longer one. */
const RETRY_PAUSE_MS = 1000;

/**
 * Posts an alert, twice at most, and waits for the answer. Never rejects.
 *
 * @param timeoutMs time limit of all attempts, in milliseconds.
 */
export function postAlert(
  alert: Alert,
  receiver: AlertReceiver,
  timeoutMs: number,
): Promise<AlertOutcome> {
  return postBody(alertBody(alert, receiver.format), receiver, timeoutMs);
}

/**
 * Posts JSON, twice at most, and waits for the answer. Never rejects. If the time limit cuts
 * the second attempt short, the outcome is that of the first.
 *
 * @param timeoutMs time limit of all attempts, in milliseconds.
 */
export async function postBody(
  body: Uint8Array,
  receiver: AlertReceiver,
  timeoutMs: number,
): Promise<AlertOutcome> {
  const deadline = performance.now() + timeoutMs;
  const client = new AlertClient(receiver, `telltale/${version}`);
  const { outcome: first } = await attempt(client, body, deadline);
  if (first.kind === "sent" || !first.isRetryable) return first;
  const ms = pauseMs(first.retryAfterMs ?? 0, RETRY_PAUSE_MS);
  if (Math.max(ms, first.retryAfterMs ?? 0) >= deadline - performance.now()) return first;
  await sleep(ms);
  const { outcome: second, limitMs, isAborted } = await attempt(client, body, deadline);
  return isAborted && isCutShort(limitMs, timeoutMs) ? first : second;
}

interface Attempt {
  readonly outcome: AlertOutcome;
  readonly limitMs: number;
  /** Whether no answer came within the limit. */
  readonly isAborted: boolean;
}

async function attempt(client: AlertClient, body: Uint8Array, deadline: number): Promise<Attempt> {
  const started = client.send(body);
  const limitMs = Math.max(0, Math.round(deadline - performance.now()));
  // It keeps the process alive, which the connection does not.
  const timer = setTimeout(() => started.abort(`got no answer within ${limitMs} ms`), limitMs);
  const result = await started.response;
  clearTimeout(timer);
  const isAborted = result.kind === "failure" && result.isAborted;
  return { outcome: client.outcomeOf(result), limitMs, isAborted };
}
