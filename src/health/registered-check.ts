import { runSuppressed } from "../context/manager.ts";
import type { HealthCheck, HealthCheckResult } from "../api.ts";
import { type CheckReport, type RedactDetail, resultOf } from "./run-check.ts";
import { runWithin } from "../context/runs/limited-run.ts";

/** Until a check has passed for the first time, it is repeated after this time, if not sooner. */
const STARTING_INTERVAL_MS = 1000;

/** A run that has not settled after this time is given up, and another one may start. */
const HUNG_RUN_MS = 10_000;

export interface RegisteredCheckDeps {
  /** Whether the check also runs without a probe, so that its metric is up to date. */
  readonly refreshes: boolean;
  readonly redact: RedactDetail;
}

/**
 * A check of the app with its last result. However many probes there are, it runs at most
 * once at a time and once in its interval.
 */
export class RegisteredCheck {
  readonly name: string;
  /** Whether the process is not ready while the check fails. */
  readonly critical: boolean;
  readonly #check: ValidHealthCheck;
  readonly #deps: RegisteredCheckDeps;
  #last: CheckReport | undefined = undefined;
  /** Of the last run, by the monotonic clock. */
  #startedAt = 0;
  #hasPassed = false;
  #running: Promise<CheckReport> | undefined = undefined;
  /** The start of a run that was given up but has not settled. */
  #hungSince: number | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(check: ValidHealthCheck, deps: RegisteredCheckDeps) {
    this.name = check.name;
    this.critical = check.critical;
    this.#check = check;
    this.#deps = deps;
    this.#schedule(STARTING_INTERVAL_MS);
  }

  /** The last result; undefined before the first run has ended. */
  get last(): CheckReport | undefined {
    return this.#last;
  }

  /** Whether the check has passed or warned at least once. */
  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /** Returns the last result if it is recent, else that of the current or a new run. Never rejects. */
  async report(): Promise<CheckReport> {
    const { isCurrent } = this;
    return this.#last !== undefined && isCurrent ? this.#last : this.#runOnce();
  }

  /** Whether the last result is younger than the interval. */
  get isCurrent(): boolean {
    const isYoung = performance.now() - this.#startedAt < this.#intervalMs;
    return this.#last !== undefined && (this.#isStopped || isYoung || this.#isHung());
  }

  /** The check does not run any more; its last result stays. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  get #intervalMs(): number {
    const { intervalMs } = this.#check;
    return this.#hasPassed ? intervalMs : Math.min(intervalMs, STARTING_INTERVAL_MS);
  }

  #isHung(): boolean {
    return this.#hungSince !== undefined && performance.now() - this.#hungSince < HUNG_RUN_MS;
  }

  #runOnce(): Promise<CheckReport> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#schedule(this.#intervalMs);
    });
    return this.#running;
  }

  async #run(): Promise<CheckReport> {
    const startedAt = performance.now();
    this.#startedAt = startedAt;
    const { timeoutMs } = this.#check;
    const { outcome, settled } = runWithin(timeoutMs, (signal) =>
      // The calls of a check are not the app's traffic.
      runSuppressed(() => this.#check.run({ signal, timeout: timeoutMs })),
    );
    const result = resultOf(await outcome, this.#deps.redact);
    this.#watchHungRun(startedAt, settled);
    if (result.status !== "fail") this.#hasPassed = true;
    this.#last = this.#describe(result, performance.now() - startedAt);
    return this.#last;
  }

  /** Remembers a run that has not settled within its time limit, until it does. */
  #watchHungRun(startedAt: number, settled: Promise<void>): void {
    this.#hungSince = startedAt;
    void settled.then(() => {
      if (this.#hungSince === startedAt) this.#hungSince = undefined;
    });
  }

  #describe(result: HealthCheckResult, durationMs: number): CheckReport {
    return {
      ...result,
      ...(!this.critical && { critical: false }),
      duration_ms: Math.round(durationMs * 10) / 10,
      time: new Date().toISOString(),
    };
  }

  /** The timer does not keep the process alive. */
  #schedule(delayMs: number): void {
    if (!this.#deps.refreshes || this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), delayMs).unref();
  }

  #refresh(): void {
    if (this.isCurrent) this.#schedule(this.#intervalMs);
    else void this.#runOnce();
  }
}

/** A check whose options have been validated. */
export interface ValidHealthCheck extends Required<HealthCheck> {}
