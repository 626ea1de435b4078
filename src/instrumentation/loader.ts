import Module, { createRequire } from "node:module";
import { types } from "node:util";
import { loadChunk } from "../chunks.ts";
import type { Config } from "../config/config.ts";
import type { Adaptor, Services } from "./adaptor.ts";
import { type Found, Libraries } from "./libraries.ts";
import { isEnabled } from "./names.ts";
import { type AdaptorChunk, type Row, table } from "./table.ts";

/**
 * From now on each library of the table is joined to us as it is loaded, by
 * `require` or, as a CommonJS module, by `import`. Those that are there already
 * are patched as far as that still works. Call it once per process, before the
 * app.
 *
 * @param rows the libraries; tests bring their own
 */
export function installInstrumentations(
  config: Config["instrumentations"],
  services: Services,
  rows: readonly Row[] = table,
): void {
  const enabled = rows.filter(({ instrumentation }) => isEnabled(instrumentation, config));
  if (enabled.length === 0) return;
  const loader = new Loader(enabled, services);
  try {
    if (config.eager) loader.loadAll(enabled);
    loader.patchLoaded();
    watchLoads(loader);
  } catch (error) {
    const message = `libraries are not instrumented: ${String(error)}`;
    services.diagnostics.error("instrumentation", message);
  }
}

class Loader {
  readonly #libraries: Libraries;
  readonly #services: Services;
  readonly #adaptors = new Map<AdaptorChunk, Adaptor | undefined>();

  constructor(rows: readonly Row[], services: Services) {
    this.#libraries = new Libraries(rows, services.diagnostics);
    this.#services = services;
  }

  wants(path: string): boolean {
    return this.#libraries.find(path) !== undefined;
  }

  /** `module` was just evaluated. Never throws. */
  patch(module: NodeJS.Module, path: string): void {
    const found = this.#libraries.find(path);
    if (found === undefined) return;
    endCircle(module.exports);
    for (const { chunk } of found.rows) this.#patchWith(chunk, module, found);
  }

  patchLoaded(): void {
    for (const [path, module] of Object.entries(createRequire(import.meta.url).cache)) {
      const found = module?.loaded === true ? this.#libraries.find(path) : undefined;
      if (module === undefined || found === undefined) continue;
      this.patch(module, path);
      this.#services.diagnostics.warn(
        `instrumentation.late:${found.package}`,
        `${found.package} ${found.version} was loaded before telltale, which sees only a part of ` +
          `it; let telltale be first: node --import telltale/register`,
      );
    }
  }

  loadAll(rows: readonly Row[]): void {
    for (const { chunk } of rows) this.#adaptor(chunk);
  }

  #patchWith(chunk: AdaptorChunk, module: NodeJS.Module, found: Found): void {
    try {
      const exports: unknown = module.exports;
      const patched = this.#adaptor(chunk)?.patch(exports, found, this.#services);
      if (patched !== undefined && patched !== exports) module.exports = patched;
    } catch (error) {
      this.#sayFailed(`${found.package} ${found.version} (${found.file})`, chunk, error);
    }
  }

  #adaptor(chunk: AdaptorChunk): Adaptor | undefined {
    if (this.#adaptors.has(chunk)) return this.#adaptors.get(chunk);
    const adaptor = this.#load(chunk);
    this.#adaptors.set(chunk, adaptor);
    return adaptor;
  }

  #load(chunk: AdaptorChunk): Adaptor | undefined {
    try {
      return loadChunk(chunk).adaptor;
    } catch (error) {
      this.#sayFailed("what it is for", chunk, error);
      return undefined;
    }
  }

  #sayFailed(what: string, chunk: AdaptorChunk, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#services.diagnostics.error(
      `instrumentation.failed:${chunk}`,
      `${chunk} failed, ${what} stays as it is: ${reason}`,
    );
  }
}

/**
 * While a module is required in a circle, Node gives its exports a prototype
 * that warns of every property which isn't there, and takes it away when `load`
 * has returned: a little too late for adaptors that look what is there.
 */
function endCircle(exports: unknown): void {
  if (typeof exports !== "object" || exports === null) return;
  if (types.isProxy(Object.getPrototypeOf(exports)))
    Object.setPrototypeOf(exports, Object.prototype);
}

type Load = (this: NodeJS.Module, filename: string) => void;

/**
 * Takes the place of `Module.prototype.load`, which Node calls for each file,
 * by an accessor: files that are none of our business get Node's own function,
 * and so no stack trace of the app's has a line of ours. Whoever assigns a
 * function of his own (they do it to see loads) is called as before.
 */
function watchLoads(loader: Loader): void {
  const prototype = Module.prototype as unknown as { load: Load };
  let load: Load = prototype.load;
  nameLoad(load);

  function loadAndPatch(this: NodeJS.Module, filename: string): void {
    Reflect.apply(load, this, arguments);
    loader.patch(this, filename);
  }

  Object.defineProperty(prototype, "load", {
    configurable: true,
    enumerable: true,
    get(this: NodeJS.Module): Load {
      return this !== Module.prototype && loader.wants(this.id) ? loadAndPatch : load;
    },
    set(this: NodeJS.Module, value: Load) {
      if (this === Module.prototype) load = value;
      else Object.defineProperty(this, "load", { ...ASSIGNED, value });
    },
  });
}

const ASSIGNED = { configurable: true, enumerable: true, writable: true };

/**
 * Node's function has no name: stack traces took `Module.load` from the
 * property that held it, and an accessor doesn't count there.
 */
function nameLoad(load: Load): void {
  if (load.name === "") Object.defineProperty(load, "name", { value: "load", configurable: true });
}
