/** Job or message as described by error events. */
export interface JobInfo {
  readonly name: string;
  readonly id?: string | undefined;
  readonly queue?: string | undefined;
  /** Number of the attempt, from 1. */
  readonly attempt?: number | undefined;
  readonly maxAttempts?: number | undefined;
  /** Schedule, as its scheduler has it: `0 2 * * *`. */
  readonly schedule?: string | undefined;
  /** Of a job that a schedule starts. */
  readonly recurrence?: Recurrence | undefined;
  /** Whether `name` is made of the schedule. */
  readonly isUnnamed?: boolean;
}

/** When a scheduled job starts, for its monitor. It has a pattern or an interval. */
export interface Recurrence {
  /** Crontab, maybe with a field for seconds: `0 2 * * *`. */
  readonly pattern?: string | undefined;
  readonly everyMs?: number | undefined;
  /** Name in the tz database. Default: that of the process. */
  readonly timezone?: string | undefined;
  /** Whether day of month and day of week of the pattern must both match. Usually one is enough. */
  readonly matchesBothDays?: boolean;
  /** Maximum delay that the library adds to the scheduled time. */
  readonly maxDelayMs?: number | undefined;
  /** What else determines the times, in words, as `the option maxRuns`. */
  readonly unsupported?: string | undefined;
  /** Identifies this run among all others of its queue. All attempts have it. */
  readonly runId?: string | undefined;
}
