import type { Adaptor } from "./adaptor.ts";

/** Loads a module that exports an adaptor under the name `adaptor`. */
export type LoadAdaptor = () => { readonly adaptor: Adaptor };

/** Which files of which package bring which adaptor. */
export interface LibraryRow {
  /** The `name` in the library's package.json; `node:dns` for a module of Node's. */
  readonly package: string;
  /**
   * The files to patch, CommonJS and ES modules alike, relative to the
   * package's directory, with `/` and extension. `MAIN` is whatever file
   * `require(package)` gives, `ES_MAIN` what `import "package"` gives; where
   * that only wraps the other one, `MAIN` is enough. A module of Node's has none.
   */
  readonly files: readonly string[];
  /**
   * Exports of its ES modules that the adaptor assigns though they are
   * constants, or `default` without a name: `export default …;`.
   */
  readonly assignableExports?: readonly string[];
  /** The versions that the adaptor knows, as a semver range (`>=8.0.3 <9`). */
  readonly versions: string;
  /** Loads the adaptor when the first of the files is loaded. */
  readonly load: LoadAdaptor;
  /** The short name in `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `_DISABLED_`. */
  readonly instrumentation: string;
}

/** Stands in `Row.files` for the file that `require(package)` gives. */
export const MAIN = ".";

/** Stands in `Row.files` for the file that `import "package"` gives. */
export const ES_MAIN = "import .";
