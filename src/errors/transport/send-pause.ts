import {
  backoffMs,
  FULL_JITTER,
  pauseMs,
  type RetryPolicy,
} from "../../export/connection/retry.ts";

/** An envelope is sent three times. The pauses after failures in a row are at most 1, 2, 4 seconds and so on, up to a minute. */
export const sendRetry: RetryPolicy = {
  attempts: 3,
  firstMs: 1_000,
  factor: 2,
  maxMs: 60_000,
  jitter: FULL_JITTER,
};

/** Minimum interval between a failure and a try that `flush` causes, in milliseconds. */
const MIN_PAUSE_MS = 1_000;

/**
 * The pause after a failure of Sentry: it can't be reached, or answers 5xx. Each failure
 * in a row doubles it. Afterwards one envelope is sent, and all others only when that
 * one has been accepted.
 */
export class SendPause {
  readonly #retry: RetryPolicy;
  readonly #onEnd: () => void;
  #failures = 0;
  #isAvailable = false;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** @param onEnd called when the pause is over. */
  constructor(retry: RetryPolicy, onEnd: () => void) {
    this.#retry = retry;
    this.#onEnd = onEnd;
  }

  get isActive(): boolean {
    return this.#timer !== undefined;
  }

  /** Whether the latest envelope with a result has failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Whether the latest envelope with a result was accepted or rejected by Sentry; false before the first. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /**
   * Starts the pause. Failures during it, of envelopes that were already in flight, have no effect.
   *
   * @param requestedMs the pause that the peer asks for.
   * @returns its length in milliseconds, or undefined if it has been started before.
   */
  start(requestedMs: number | undefined): number | undefined {
    this.#isAvailable = false;
    if (this.isActive) return undefined;
    const delayMs = pauseMs(requestedMs ?? 0, backoffMs(this.#retry, ++this.#failures));
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => this.#end(), delayMs).unref();
    return delayMs;
  }

  /** Ends it early, but not directly after the failure. */
  skip(): void {
    if (this.isActive && performance.now() - this.#startedAt >= MIN_PAUSE_MS) this.#end();
  }

  /** Sentry has accepted or rejected an envelope, so it is available. */
  reset(): void {
    this.#isAvailable = true;
    this.#failures = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onEnd();
  }
}
