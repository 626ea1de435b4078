import { wallClockOriginAt } from "../../clock.ts";

/** The status of the session of a request, in Sentry's words. */
type SessionStatus = "exited" | "errored" | "crashed";

/** The sessions of requests that ended in one minute, as Sentry receives them. */
export interface SessionAggregate extends Record<SessionStatus, number> {
  /** Start of the minute, in ISO 8601. */
  readonly started: string;
}

const MINUTE_MS = 60_000;

/**
 * Counts the sessions of release health: one for each server request, by status and
 * by minute. A request costs a comparison and an increment; the wall clock is read
 * once a minute, for the name of the minute. Minutes end by the monotonic clock, so a
 * clock that is set back neither loses counts nor makes more of them.
 * https://develop.sentry.dev/sdk/telemetry/sessions/#session-aggregates-payload
 */
export class RequestSessions {
  /** The minutes that have not been sent; the last one is current until `#endsAt`. */
  #aggregates: SessionAggregate[] = [];
  #current: SessionAggregate = newAggregate(0);
  /** Monotonic end of the current minute, in milliseconds; 0 without a current minute. */
  #endsAt = 0;
  readonly #onFirst: () => void;
  readonly #originAt: (monotonic: number) => number;

  /**
   * @param onFirst called with the first request after the counts were taken.
   * @param originAt returns the wall-clock time of zero of the monotonic clock.
   */
  constructor(onFirst: () => void, originAt: (monotonic: number) => number = wallClockOriginAt) {
    this.#onFirst = onFirst;
    this.#originAt = originAt;
  }

  get hasUnsent(): boolean {
    return this.#aggregates.length > 0;
  }

  /**
   * Counts a request that has ended.
   *
   * @param status of the errors captured in it; undefined without any.
   * @param endedAt its monotonic end, in milliseconds.
   */
  count(status: SessionStatus | undefined, endedAt: number): void {
    if (endedAt >= this.#endsAt) this.#startMinute(endedAt);
    this.#current[status ?? "exited"]++;
  }

  /** Removes and returns the counts. */
  take(): SessionAggregate[] {
    const aggregates = this.#aggregates;
    this.#aggregates = [];
    this.#endsAt = 0;
    return aggregates;
  }

  #startMinute(endedAt: number): void {
    const epochMs = this.#originAt(endedAt) + endedAt;
    const startMs = Math.floor(epochMs / MINUTE_MS) * MINUTE_MS;
    this.#endsAt = endedAt + (startMs + MINUTE_MS - epochMs);
    this.#current = newAggregate(startMs);
    if (this.#aggregates.length === 0) this.#onFirst();
    this.#aggregates.push(this.#current);
  }
}

function newAggregate(startMs: number): SessionAggregate {
  return { started: new Date(startMs).toISOString(), exited: 0, errored: 0, crashed: 0 };
}
