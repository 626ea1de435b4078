export interface JobInfo {
  readonly name: string;
  readonly id?: string | undefined;
  readonly queue?: string | undefined;
  /** From 1. */
  readonly attempt?: number | undefined;
  readonly maxAttempts?: number | undefined;
  /** When it runs, as its scheduler has it: `0 2 * * *`. */
  readonly schedule?: string | undefined;
}
