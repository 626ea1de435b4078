import type { Context, LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { OutgoingCalls } from "../../context/outgoing.ts";
import type { MessagingInstrumenter } from "../../context/messaging.ts";
import type { LimitedUnit } from "../../context/unit-views.ts";
import type { CallRecorder } from "../../development/call-recorder.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";

/**
 * Patches one library. A lazy module of the table exports it under the name
 * `adaptor`; only the loader calls it.
 *
 * CommonJS files and ES modules use the same interface. A value that an adaptor
 * assigns to, or defines on, the exports of an ES module is visible to every
 * importer, past and future. Constants and an unnamed default export can be
 * assigned if the row names them in `assignableExports`. Classes can always be
 * patched at their prototypes. A re-export (`export … from`) can be read but not
 * replaced: name the file that declares it in a row. A CommonJS module whose
 * exports are a function or class (`module.exports = Koa`) is the `default` of an
 * ES module; `file.format` distinguishes the two.
 */
export interface Adaptor {
  /**
   * Patches one file of the row. Called once for each file, right after its
   * evaluation and before its importer receives the exports.
   *
   * Returns the new `module.exports` (for an ES module: the new default export):
   * the same object, patched in place, or a replacement. If it throws, the exports
   * stay unchanged and one message is logged. Patches by `replaceMethod`,
   * assignments to exports of an ES module, and steps registered with `onRollback`
   * are rolled back.
   */
  patch(exports: unknown, file: LoadedFile, deps: AdaptorDeps): unknown;
}

/** A file of an instrumented library, right after it was loaded. */
export interface LoadedFile {
  /**
   * `name` of the library's package.json, which differs from the directory's name
   * under an npm alias.
   */
  readonly package: string;
  /** `version` of the library's package.json, within the range of the row. */
  readonly version: string;
  /** Path relative to the package's directory, with `/`: `lib/router/index.js`. */
  readonly file: string;
  /** Whether `require(package)` or `import "package"` resolves to this file. */
  readonly isMain: boolean;
  readonly format: "commonjs" | "module";
  /** Absolute path of the package's directory; empty for a built-in module. */
  readonly directory: string;
}

/** Counts cache lookups. */
export interface CacheCounter {
  /**
   * @param name name of the cache, of low cardinality
   * @param context of the caller; default: the active one
   */
  recordLookups(name: string, hits: number, misses: number, context?: Context): void;
}

/** Records what rate limits have rejected. */
export interface RateLimitRecorder {
  /**
   * Records a hit.
   *
   * @param limiter name of the limiter, of low cardinality
   * @param unit the unit of work that it has rejected, or within which; undefined outside of any
   */
  recordHit(limiter: string, unit: LimitedUnit | undefined): void;
}

/** Dependencies that all adaptors share. */
export interface SharedAdaptorDeps {
  readonly diagnostics: Diagnostics;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  readonly loggerProvider: LoggerProvider;
  /** Whether a framework's own request is needed, for its user or its parsed body. */
  readonly recordsRequests: boolean;
  /** Whether spans of queries have the number of rows, an attribute that the conventions make optional. */
  readonly recordsRows: boolean;
  /** Records what only the viewer receives of calls; undefined without a viewer. */
  readonly viewerCalls?: CallRecorder | undefined;
  readonly metrics: {
    /** Shows the metrics of a registry of `prom-client` on the Prometheus page. */
    addRegistry(registry: { getMetricsAsArray(): readonly unknown[] }): void;
  };
  /** Creates the counter on first use. */
  readonly caches: () => CacheCounter;
  /** Creates the recorder on first use. */
  readonly rateLimits: () => RateLimitRecorder;
  /**
   * Exports everything that is queued in all pipelines. Takes at most the shutdown
   * timeout and never rejects.
   */
  readonly flush: () => Promise<void>;
  /** Instruments messages and jobs; loads the modules for it on first use. */
  readonly messaging: () => MessagingInstrumenter;
  /** Instruments outgoing HTTP requests; loads the modules for it on first use. */
  readonly outgoing: () => OutgoingCalls;
}

export interface AdaptorDeps extends SharedAdaptorDeps {
  /**
   * Options of this row's instrumentation from the environment, under the names
   * that the instrumentation uses (`src/config/instrumentation-options.ts`). Unset
   * options are absent.
   */
  readonly options: Readonly<Record<string, unknown>>;
}
