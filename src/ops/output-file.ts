/** A file that a generator writes. */
export interface OutputFile {
  /** Relative to the output folder, with slashes. */
  readonly path: string;
  readonly text: string;
}
