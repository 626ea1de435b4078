import { cancelWhenIdle } from "../exit/exit-blockers.ts";
import { TimeLimit } from "./time-limit.ts";

/** One request that has been started. */
export interface Attempt<Response> {
  /** Never rejects. */
  readonly response: Promise<Response>;
  /**
   * Whether the kernel has the whole request. Exact, because libuv writes only
   * while the event loop turns, and calls the stream back in the same turn.
   */
  isFullyWritten(): boolean;
  /** Ends it now; the response is what is known by then, or `reason`. */
  abort(reason: string): void;
}

export interface AttemptLimits {
  readonly timeoutMs: number;
  /** The reason of a timeout, for `abort`. */
  readonly timeoutReason: string;
  /** Called when nothing but a request that is not yet written keeps the process alive. */
  readonly onIdle: () => void;
}

/** Waits for the response, within a time limit and without keeping the process alive. */
export async function awaitResponse<Response>(
  attempt: Attempt<Response>,
  { timeoutMs, timeoutReason, onIdle }: AttemptLimits,
): Promise<Response> {
  let hasResponse = false;
  cancelWhenIdle({
    isBlocking: () => !hasResponse && !attempt.isFullyWritten(),
    cancel: onIdle,
  });
  const limit = new TimeLimit(timeoutMs, () => attempt.abort(timeoutReason));
  const response = await attempt.response;
  hasResponse = true;
  limit.clear();
  return response;
}
