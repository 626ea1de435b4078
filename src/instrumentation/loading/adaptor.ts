import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { OutgoingCalls } from "../../context/outgoing.ts";
import type { MessagingInstrumenter } from "../../context/messaging.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";

/**
 * What a chunk named in `table.ts` exports under the name `adaptor`: how one
 * library is joined to us. The loader calls it; nobody else does.
 *
 * CommonJS files and ES modules come by the same call. What is assigned to the
 * `exports` of an ES module, or defined, everybody sees who has imported them or
 * will. Constants and a default export without a name can be assigned if the
 * row names them under `assignableExports`; classes are patched at their prototypes
 * without that. What a file only passes on (`export … from`) can be read: to
 * replace it, name the file where it is declared. A CommonJS module that is the thing itself (`module.exports = Koa`) is
 * an ES module's `default`: `file.format` tells which of them it is.
 */
export interface Adaptor {
  /**
   * Called once for each file of the row, at once after the file was
   * evaluated and before whoever asked for it sees it.
   *
   * Returns what `module.exports` becomes: the same `exports`, patched in
   * place, or a replacement (of an ES module, of its default export). If it
   * throws, `module.exports` stays what it was and one line says so. What was
   * patched by then is taken back if it was done by `replaceMethod`, by
   * assigning an export of an ES module, or has told `onFailure` how.
   */
  patch(exports: unknown, file: LoadedFile, services: AdaptorDeps): unknown;
}

/** A file of a library that the table asks for, as it was loaded. */
export interface LoadedFile {
  /** The `name` of the library's package.json (not the directory's, which an alias may change). */
  readonly package: string;
  /** The `version` of its package.json; it is within the row's range. */
  readonly version: string;
  /** Relative to the package's directory, with `/`: `lib/router/index.js`. */
  readonly file: string;
  /** Whether it is what `require(package)` or `import "package"` gives. */
  readonly isMain: boolean;
  readonly format: "commonjs" | "module";
  /** The package's directory, absolute; empty for a module of Node's. */
  readonly directory: string;
}

/** Counts look-ups in caches. */
export interface CacheCounter {
  /** @param name of the cache: one of a few */
  recordLookups(name: string, hits: number, misses: number): void;
}

/** What the house gives to all of its adaptors. */
export interface SharedAdaptorDeps {
  readonly diagnostics: Diagnostics;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  readonly loggerProvider: LoggerProvider;
  /** Made when there is something to count. */
  readonly caches: () => CacheCounter;
  /** Delivers what all pipelines have queued. Takes as long as it may at the end; never rejects. */
  readonly flush: () => Promise<void>;
  /** Where messages and jobs come in and go out; loads what is needed for it. */
  readonly messaging: () => MessagingInstrumenter;
  /** Where requests of HTTP go out; loads what is needed for it. */
  readonly outgoing: () => OutgoingCalls;
}

export interface AdaptorDeps extends SharedAdaptorDeps {
  /**
   * What the environment says of this row's instrumentation, by the names that
   * its own options have (`src/config/instrumentation-options.ts`). Only what is set is there.
   */
  readonly options: Readonly<Record<string, unknown>>;
}
