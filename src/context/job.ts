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
}
