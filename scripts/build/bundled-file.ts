/** A file of `dist/`. */
export interface BundledFile {
  readonly bytes: number;
  /** Source path from the repository's root -> its bytes in this file. */
  readonly inputs: ReadonlyMap<string, number>;
  /** Other files that are loaded together with this one. */
  readonly imports: readonly string[];
}

/** The files of `dist/` by name, `start.js` with the modules that are in it. */
export type Bundle = ReadonlyMap<string, BundledFile>;
