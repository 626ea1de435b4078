import { createRequire, syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { lazy } from "../lazy.ts";
import type { Config, LambdaConfig } from "../config/config.ts";
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

const loadEsModule = lazy<typeof import("./loading/esm-source.ts")>(
  "instrumentation/loading/esm-source.ts",
);

/**
 * From now on each library of the table is joined to us as it is loaded, by
 * `require` or by `import`, be it CommonJS or an ES module. CommonJS that is
 * there already is patched as far as that still works; ES modules can't be
 * found any more. Call it once per thread, before the app.
 *
 * @param rows the libraries; tests bring their own
 */
export function installInstrumentations(
  config: Config["instrumentations"],
  deps: SharedAdaptorDeps,
  rows: readonly LibraryRow[] = [...libraryRows, ...upstreamRows],
): void {
  const enabled = rows.filter(({ instrumentation }) =>
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
  /** Those that are modules of Node's and not yet patched. */
  readonly #builtins: Map<string, LibraryRow>;
  readonly #deps: SharedAdaptorDeps;
  readonly #options: Config["instrumentations"]["options"];
  readonly #adaptors = new Map<LoadAdaptor, Adaptor | undefined>();
  /** Absolute paths of those that were patched. */
  readonly #esModules = new Set<string>();

  constructor(
    rows: readonly LibraryRow[],
    options: Config["instrumentations"]["options"],
    deps: SharedAdaptorDeps,
  ) {
    const builtins = rows.filter((row) => row.package.startsWith("node:"));
    this.#builtins = new Map(builtins.map((row) => [row.package, row]));
    this.#libraries = new Libraries(rows, deps.diagnostics);
    this.#options = options;
    this.#deps = deps;
  }

  /** On Lambda: what is loaded later would be a part of the first request's time. */
  patchLambdaHandler(lambda: LambdaConfig): void {
    const file = findHandlerFile(lambda);
    if (file === undefined) return;
    this.#libraries.addFile(file.path, file);
    this.loadAll(file.rows);
  }

  installHooks(): void {
    const isWanted = (path: string): boolean => this.#libraries.find(path) !== undefined;
    installCommonJsHook({
      isWanted,
      afterLoad: (module, path) => this.#patchCommonJs(module, path),
    });
    installExportsHook((url, accesses) => this.#patchEsModule(fileURLToPath(url), accesses));
    installEsmHook({
      isWanted,
      transform: (source, path) => this.#exposeExports(source, path),
      beforeBuiltin: (url) => this.#patchBuiltin(url),
    });
  }

  patchAlreadyLoaded(): void {
    for (const [path, module] of Object.entries(createRequire(import.meta.url).cache)) {
      const found = module?.loaded === true ? this.#libraries.find(path) : undefined;
      if (module === undefined || found === undefined) continue;
      this.#patchCommonJs(module, path);
      this.#deps.diagnostics.warn(
        `instrumentation.late:${found.package}`,
        `${found.package} ${found.version} was loaded before telltale, which sees only a part of ` +
          `it; let telltale be first: node --import telltale/register`,
      );
    }
  }

  loadAll(rows: readonly LibraryRow[]): void {
    for (const row of rows) this.#adaptor(row);
  }

  /** `module` was just evaluated. Never throws. */
  #patchCommonJs(module: NodeJS.Module, path: string): void {
    const found = this.#libraries.find(path);
    // `require` of an ES module comes by here as well.
    if (found === undefined || this.#esModules.has(path)) return;
    stripCircularProxy(module.exports);
    for (const row of found.rows) {
      const exports: unknown = module.exports;
      const patched = this.#patchExports(exports, row, { ...found, format: "commonjs" });
      if (patched !== exports) module.exports = patched;
    }
  }

  /** The ES module has just come to its last line. Never throws. */
  #patchEsModule(path: string, accesses: ExportBindings): void {
    const found = this.#libraries.find(path);
    if (found === undefined) return;
    this.#esModules.add(path);
    const exports = patchableExports(accesses);
    for (const row of found.rows) {
      const patched = this.#patchExports(exports, row, { ...found, format: "module" });
      if (patched !== exports) this.#replaceDefault(accesses, patched, found);
    }
  }

  /** Never throws. */
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

  #replaceDefault({ default: access }: ExportBindings, patched: unknown, found: LibraryFile): void {
    try {
      access?.set?.(patched);
    } catch (error) {
      this.#reportFailure(`${found.package} ${found.version}`, found.package, error);
    }
  }

  /** What the exports of a file are with this row; if that fails, what they were. */
  #patchExports(exports: unknown, row: LibraryRow, file: LoadedFile): unknown {
    const { instrumentation } = row;
    const deps = { ...this.#deps, options: this.#options[instrumentation] ?? {} };
    try {
      const adaptor = this.#adaptor(row);
      return patchOrRollback(() => adaptor?.patch(exports, file, deps)) ?? exports;
    } catch (error) {
      this.#reportFailure(fileLabel(file), instrumentation, error);
      return exports;
    }
  }

  /** The source that hands its exports over to us. Never throws. */
  #exposeExports(source: string, path: string): string {
    const found = this.#libraries.find(path);
    try {
      const replaced = found?.rows.flatMap(({ assignableExports = [] }) => assignableExports);
      return loadEsModule().exposeExports(source, replaced ?? []);
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
      `the instrumentation "${instrumentation}" failed, ${what} stays as it is: ${reason}`,
    );
  }
}

function fileLabel({ package: name, version, file }: LoadedFile): string {
  return `${name} ${version} (${file})`;
}

/** Not to be seen by who lists the global object's properties. */
function installExportsHook(hook: ExportsHook): void {
  Object.defineProperty(globalThis, EXPORTS_HOOK, { value: hook, configurable: true });
}

/**
 * While a module is required in a circle, Node gives its exports a prototype
 * that warns of every property which isn't there, and takes it away when `load`
 * has returned: a little too late for adaptors that look what is there.
 */
function stripCircularProxy(exports: unknown): void {
  if (typeof exports !== "object" || exports === null) return;
  if (types.isProxy(Object.getPrototypeOf(exports)))
    Object.setPrototypeOf(exports, Object.prototype);
}
