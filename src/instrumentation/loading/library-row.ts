import type { Adaptor } from "./adaptor.ts";

/** Loads a module that exports an adaptor under the name `adaptor`. */
export type LoadAdaptor = () => { readonly adaptor: Adaptor };

/** Maps files of a package to the adaptor that patches them. */
export interface LibraryRow {
  /** `name` in the library's package.json; `node:dns` for a built-in module. */
  readonly package: string;
  /**
   * Files to patch, CommonJS and ES modules alike, relative to the package's
   * directory, with `/` and extension. `MAIN` is the file to which
   * `require(package)` resolves, `ES_MAIN` the one to which `import "package"`
   * resolves. `MAIN` is enough if the ES module only wraps the CommonJS file.
   * Unused for a built-in module.
   */
  readonly files: readonly string[];
  /**
   * Exports of the ES modules that the adaptor assigns although they are
   * constants, or `default` for an unnamed `export default …;`.
   */
  readonly assignableExports?: readonly string[];
  /** Supported versions, as a semver range (`>=8.0.3 <9`). */
  readonly versions: string;
  /** Loads the adaptor when the first of the files is loaded. */
  readonly load: LoadAdaptor;
  /**
   * Short name in `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
   * `OTEL_NODE_DISABLED_INSTRUMENTATIONS`.
   */
  readonly instrumentation: string;
}

/** The file to which `require(package)` resolves, in `LibraryRow.files`. */
export const MAIN = ".";

/** The file to which `import "package"` resolves, in `LibraryRow.files`. */
export const ES_MAIN = "import .";
