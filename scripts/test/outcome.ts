/** The counts of a stage; a check that is not a test counts as one. */
export interface StageResult {
  readonly passed: number;
  readonly failed: number;
  /** Titles and errors of the first failed tests. */
  readonly failures?: readonly string[];
}
