import { createRequire, syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { lazy } from "../lazy.ts";
import type { Config, LambdaConfig } from "../config/config.ts";
import { testRecorder } from "../development/test-recorder.ts";
import type { Adaptor, LoadedFile, SharedAdaptorDeps } from "./loading/adaptor.ts";
import { installCommonJsHook } from "./loading/commonjs-hook.ts";
import {
  type ExportBindings,
  patchableExports,
  EXPORTS_HOOK,
  type ExportsHook,
} from "./loading/esm-exports.ts";
import { installEsmHook } from "./loading/esm-hook.ts";
import { findHandlerFile } from "./frameworks/aws-lambda/handler-file.ts";
import { type LibraryFile, Libraries } from "./loading/libraries.ts";
import { isInstrumentationEnabled } from "./enabled-instrumentations.ts";
import { libraryRows } from "./table.ts";
import type { LoadAdaptor, LibraryRow } from "./loading/library-row.ts";
import { patchOrRollback } from "./loading/rollback.ts";
import { upstreamRows } from "./upstream/generated/rows.ts";

/** Loaded in tests that use `telltale/testing` only. */
const loadModulePatches = lazy<typeof import("./loading/module-patches.ts")>(
  "instrumentation/loading/module-patches.ts",
);
const loadEsmSource = lazy<typeof import("./loading/esm-source.ts")>(
  "instrumentation/loading/esm-source.ts",
);

/** Learns what is loaded and patched. No method throws. */
export interface LoadObserver {
  /** Called before a file is loaded, as CommonJS or as an ES module. */
  fileLoaded(path: string): void;
  libraryPatched(instrumentation: string, file: LoadedFile): void;
}

interface LoaderDeps extends SharedAdaptorDeps {
  /** Undefined except under `telltale doctor`. */
  readonly observer?: LoadObserver | undefined;
  /** Rows that only some processes need, beside those of the table. */
  readonly moreRows?: readonly LibraryRow[];
}

/**
 * Patches each library of the table when the app loads it, by `require` or
 * `import`, as CommonJS or as an ES module. CommonJS modules that are already in
 * the cache are patched where possible; ES modules that are already loaded cannot
 * be found. Call it once per thread, before the app starts.
 *
 * @param rows the libraries; tests pass their own
 */
export function installInstrumentations(
  config: Config["instrumentations"],
  deps: LoaderDeps,
  rows: readonly LibraryRow[] = [...libraryRows, ...upstreamRows],
): void {
  const enabled = [...rows, ...(deps.moreRows ?? [])].filter(({ instrumentation }) =>
    isInstrumentationEnabled(instrumentation, config),
  );
  try {
    const loader = new Loader(enabled, config.options, deps);
    if (config.eager) loader.loadAll(enabled);
    if (config.lambda !== undefined && isInstrumentationEnabled("aws-lambda", config)) {
      loader.patchLambdaHandler(config.lambda);
    }
    loader.patchAlreadyLoaded();
    loader.installHooks();
  } catch (error) {
    const message = `libraries are not instrumented: ${String(error)}`;
    deps.diagnostics.error("instrumentation", message);
  }
}

class Loader {
  readonly #libraries: Libraries;
  /** Built-in modules that are not patched yet. */
  readonly #builtins: Map<string, LibraryRow>;
  readonly #deps: SharedAdaptorDeps;
  readonly #options: Config["instrumentations"]["options"];
  readonly #observer: LoadObserver | undefined;
  readonly #adaptors = new Map<LoadAdaptor, Adaptor | undefined>();
  /** Absolute paths of the patched ES modules. */
  readonly #esModules = new Set<string>();

  constructor(
    rows: readonly LibraryRow[],
    options: Config["instrumentations"]["options"],
    { observer, ...deps }: LoaderDeps,
  ) {
    const builtins = rows.filter((row) => row.package.startsWith("node:"));
    this.#builtins = new Map(builtins.map((row) => [row.package, row]));
    this.#libraries = new Libraries(rows, deps.diagnostics);
    this.#options = options;
    this.#deps = deps;
    this.#observer = observer;
  }

  /**
   * Loads the adaptors for the Lambda handler now: loaded later, they would add to
   * the duration of the first request.
   */
  patchLambdaHandler(lambda: LambdaConfig): void {
    const file = findHandlerFile(lambda);
    if (file === undefined) return;
    this.#libraries.addFile(file.path, file);
    this.loadAll(file.rows);
  }

  installHooks(): void {
    const observer = this.#observer;
    const isLibrary = (path: string): boolean => this.#libraries.find(path) !== undefined;
    const isWanted =
      observer === undefined
        ? isLibrary
        : (path: string): boolean => {
            observer.fileLoaded(path);
            return isLibrary(path);
          };
    installCommonJsHook({
      isWanted,
      afterLoad: (module, path) => this.#patchCommonJs(module, path),
    });
    installExportsHook((url, bindings) => this.#patchEsModule(fileURLToPath(url), bindings));
    installEsmHook({
      isWanted,
      transform: (source, path) => this.#exposeExports(source, path),
      beforeBuiltin: (url) => this.#patchBuiltin(url),
    });
    const recorder = testRecorder();
    if (recorder === undefined) return;
    recorder.patches = loadModulePatches().createModulePatches({
      isWanted,
      exposeExports: (source, path) => this.#exposeExports(source, path),
      patch: (module, path) => this.#patchCommonJs(module, path),
    });
  }

  patchAlreadyLoaded(): void {
    for (const [path, module] of Object.entries(createRequire(import.meta.url).cache)) {
      const found = module?.loaded === true ? this.#libraries.find(path) : undefined;
      if (module === undefined || found === undefined) continue;
      this.#patchCommonJs(module, path);
      this.#deps.diagnostics.warn(
        `instrumentation.late:${found.package}`,
        `${found.package} ${found.version} was loaded before telltale and is only partly instrumented; ` +
          `load telltale first: node --import telltale/register`,
      );
    }
  }

  loadAll(rows: readonly LibraryRow[]): void {
    for (const row of rows) this.#adaptor(row);
  }

  /** Patches a CommonJS module right after its evaluation. Never throws. */
  #patchCommonJs(module: NodeJS.Module, path: string): void {
    const found = this.#libraries.find(path);
    // Node runs the CommonJS hook for `require` of an ES module as well.
    if (found === undefined || this.#esModules.has(path)) return;
    stripCircularProxy(module.exports);
    for (const row of found.rows) {
      const exports: unknown = module.exports;
      const patched = this.#patchExports(exports, row, { ...found, format: "commonjs" });
      if (patched !== exports) module.exports = patched;
    }
  }

  /** Patches an ES module at the end of its evaluation. Never throws. */
  #patchEsModule(path: string, bindings: ExportBindings): void {
    const found = this.#libraries.find(path);
    if (found === undefined) return;
    this.#esModules.add(path);
    const exports = patchableExports(bindings);
    for (const row of found.rows) {
      const patched = this.#patchExports(exports, row, { ...found, format: "module" });
      if (patched !== exports) this.#replaceDefault(bindings, patched, found);
    }
  }

  /** Patches a built-in module before its first use. Never throws. */
  #patchBuiltin(url: string): void {
    const row = this.#builtins.get(url);
    if (row === undefined) return;
    this.#builtins.delete(url);
    const name = url.slice("node:".length);
    const version = process.versions.node;
    const file = { package: name, version, file: name, isMain: true, directory: "" };
    this.#patchExports(process.getBuiltinModule(url), row, { ...file, format: "commonjs" });
    syncBuiltinESMExports();
  }

  #replaceDefault(
    { default: binding }: ExportBindings,
    patched: unknown,
    found: LibraryFile,
  ): void {
    try {
      binding?.set?.(patched);
    } catch (error) {
      this.#reportFailure(`${found.package} ${found.version}`, found.package, error);
    }
  }

  /**
   * Returns the exports that the adaptor of this row produces, or the original
   * exports if it throws.
   */
  #patchExports(exports: unknown, row: LibraryRow, file: LoadedFile): unknown {
    const { instrumentation } = row;
    const deps = { ...this.#deps, options: this.#options[instrumentation] ?? {} };
    try {
      const adaptor = this.#adaptor(row);
      const patched = patchOrRollback(() => adaptor?.patch(exports, file, deps)) ?? exports;
      if (adaptor !== undefined) this.#observer?.libraryPatched(instrumentation, file);
      return patched;
    } catch (error) {
      this.#reportFailure(fileLabel(file), instrumentation, error);
      return exports;
    }
  }

  /**
   * Appends to a module's source the statement that passes its exports to the
   * hook. Never throws.
   */
  #exposeExports(source: string, path: string): string {
    const found = this.#libraries.find(path);
    try {
      const assignable = found?.rows.flatMap(({ assignableExports = [] }) => assignableExports);
      return loadEsmSource().exposeExports(source, assignable ?? []);
    } catch (error) {
      this.#reportFailure(path, found?.package ?? "ES modules", error);
      return source;
    }
  }

  #adaptor(row: LibraryRow): Adaptor | undefined {
    if (this.#adaptors.has(row.load)) return this.#adaptors.get(row.load);
    const adaptor = this.#load(row);
    this.#adaptors.set(row.load, adaptor);
    return adaptor;
  }

  #load({ load, instrumentation }: LibraryRow): Adaptor | undefined {
    try {
      return load().adaptor;
    } catch (error) {
      this.#reportFailure("the library", instrumentation, error);
      return undefined;
    }
  }

  #reportFailure(what: string, instrumentation: string, error: unknown): void {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
    this.#deps.diagnostics.error(
      `instrumentation.failed:${instrumentation}`,
      `the instrumentation "${instrumentation}" failed, ${what} is not instrumented: ${reason}`,
    );
  }
}

function fileLabel({ package: name, version, file }: LoadedFile): string {
  return `${name} ${version} (${file})`;
}

/**
 * Non-enumerable, so that an app that lists the properties of the global object
 * does not see it.
 */
function installExportsHook(hook: ExportsHook): void {
  Object.defineProperty(globalThis, EXPORTS_HOOK, { value: hook, configurable: true });
}

/**
 * Removes the proxy by which Node warns about missing properties during a circular
 * `require`. Node removes it itself after `load` has returned, which is too late
 * for adaptors that inspect the exports.
 */
function stripCircularProxy(exports: unknown): void {
  if (typeof exports !== "object" || exports === null) return;
  if (types.isProxy(Object.getPrototypeOf(exports)))
    Object.setPrototypeOf(exports, Object.prototype);
}
