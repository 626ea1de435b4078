/** A file of `dist/`. */
export interface BundledFile {
  readonly bytes: number;
  /** Source path relative to the repository -> its bytes in this file. */
  readonly inputs: ReadonlyMap<string, number>;
  /** Files that are loaded together with this one. */
  readonly imports: readonly string[];
}

/** The files of `dist/` by name. */
export type Bundle = ReadonlyMap<string, BundledFile>;
