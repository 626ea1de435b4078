import type { ChunkName, ChunkTypes } from "../chunks.ts";
import type { Adaptor } from "./adaptor.ts";

/** The chunks that hold an adaptor. */
export type AdaptorChunk = {
  [Name in ChunkName]: ChunkTypes[Name] extends { readonly adaptor: Adaptor } ? Name : never;
}[ChunkName];

/** Which files of which package bring which chunk. */
export interface Row {
  /** The `name` in the library's package.json. */
  readonly package: string;
  /**
   * The files to patch, relative to the package's directory, with `/` and
   * extension. `MAIN` is whatever file `require(package)` gives.
   */
  readonly files: readonly string[];
  /** The versions that the adaptor knows, as a semver range (`>=8.0.3 <9`). */
  readonly versions: string;
  readonly chunk: AdaptorChunk;
  /** The short name in `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `_DISABLED_`. */
  readonly instrumentation: string;
}

/** Stands in `Row.files` for the file that `require(package)` gives. */
export const MAIN = ".";

/** One row per package; add yours together with its chunk in `chunks.ts`. */
export const table: readonly Row[] = [];
