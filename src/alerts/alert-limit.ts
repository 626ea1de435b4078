import { severities, type Severity } from "./alert.ts";

/** How many alerts a process sends in a period. */
export const ALERTS_PER_PERIOD = 5;
export const PERIOD_MS = 60_000;

/** The alerts of one period that were left out. */
export interface Omitted {
  readonly count: number;
  /** The highest of them. */
  readonly severity: Severity;
  /** The message of the last one. */
  readonly latest: string;
}

/** Limits the alerts of a process, so that a storm sends few, and counts those that are left out. */
export class AlertLimit {
  readonly #now: () => number;
  #startedAt = -Infinity;
  #taken = 0;
  #omitted: Omitted | undefined;

  /** @param now in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether an alert may be sent. One that may not is counted. */
  take(severity: Severity, message: string): boolean {
    const now = this.#now();
    if (now - this.#startedAt >= PERIOD_MS) {
      this.#startedAt = now;
      this.#taken = 0;
    }
    if (this.#taken < ALERTS_PER_PERIOD) {
      this.#taken++;
      return true;
    }
    const { count, severity: highest } = this.#omitted ?? { count: 0, severity: "info" };
    const rises = severities.indexOf(severity) > severities.indexOf(highest);
    this.#omitted = {
      count: count + 1,
      severity: rises ? severity : highest,
      latest: message,
    };
    return false;
  }

  get hasOmitted(): boolean {
    return this.#omitted !== undefined;
  }

  /** Milliseconds until the period ends. */
  get remainingMs(): number {
    return Math.max(0, this.#startedAt + PERIOD_MS - this.#now());
  }

  /** Returns what was left out since the last call. */
  takeOmitted(): Omitted | undefined {
    const omitted = this.#omitted;
    this.#omitted = undefined;
    return omitted;
  }
}
