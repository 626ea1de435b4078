import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";

/**
 * What a chunk named in `table.ts` exports under the name `adaptor`: how one
 * library is joined to us. The loader calls it; nobody else does.
 */
export interface Adaptor {
  /**
   * Called once for each file of the row, at once after the file was
   * evaluated and before whoever asked for it sees it.
   *
   * Returns what `module.exports` becomes: the same `exports`, patched in
   * place, or a replacement. If it throws, `module.exports` stays what it was
   * and one line says so; so patch last, after all that can fail.
   */
  patch(exports: unknown, file: LoadedFile, services: Services): unknown;
}

/** A file of a library that the table asks for, as it was loaded. */
export interface LoadedFile {
  /** The `name` of the library's package.json (not the directory's, which an alias may change). */
  readonly package: string;
  /** The `version` of its package.json; it is within the row's range. */
  readonly version: string;
  /** Relative to the package's directory, with `/`: `lib/router/index.js`. */
  readonly file: string;
  /** Whether it is what `require(package)` gives. */
  readonly isMain: boolean;
  /** The package's directory, absolute. */
  readonly directory: string;
}

/** What the house gives to its adaptors. */
export interface Services {
  readonly diagnostics: Diagnostics;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  readonly loggerProvider: LoggerProvider;
}
