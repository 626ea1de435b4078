/** Checks that are no tests count as one each. */
export interface StageResult {
  readonly passed: number;
  readonly failed: number;
  /** The titles and errors of the first tests that failed. */
  readonly failures?: readonly string[];
}
