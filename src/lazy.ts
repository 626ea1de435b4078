import { AsyncLocalStorage } from "node:async_hooks";
import { closeSync, openSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull } from "node:os";

/*
 * Lazy modules are loaded at their first use. The importing module declares them:
 *
 *     const client = lazy<typeof import("./client.ts")>("client.ts");
 *
 * The build collects these declarations and writes each module to a separate file in
 * `dist/`, named after its path (`errors-client.js`). In the source tree the same call
 * loads the TypeScript file. Loading is synchronous (`require` of an ES module, Node >=
 * 22.12), because patching a module must not delay its import.
 */

const require = createRequire(import.meta.url);
const inSource = import.meta.url.endsWith(".ts");

/** Number of modules being loaded. A module may load another one. */
let loading = 0;

/** Whether a lazy module is being loaded. File operations are then telltale's, not the app's. */
export function isLoading(): boolean {
  return loading > 0;
}

/**
 * Declares a module that the first call of the returned function loads. Later calls
 * return it, cheaply enough for a hot path.
 *
 * @param path relative to `src/`, with extension. It must be a literal, because the
 *   build reads it.
 */
// The type can't be inferred from the path.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function lazy<Module>(path: string): () => Module {
  let module: Module | undefined;
  let failure: { readonly error: unknown; readonly until: number } | undefined;
  return () => {
    if (module !== undefined) return module;
    // Each attempt costs a millisecond, and callers may be on the path of each request.
    if (failure !== undefined && performance.now() < failure.until) throw failure.error;
    try {
      return (module = load(path) as Module);
    } catch (error) {
      if (isOutOfDescriptors(error)) {
        failure = { error, until: performance.now() + RETRY_MS };
        unloadable.add(error);
      }
      throw error;
    }
  };
}

/** How long a load that found no file descriptor is not tried again. */
const RETRY_MS = 100;

/** The errors of loads that found no file descriptor. */
const unloadable = new WeakSet<Error>();

/** Whether a lazy module threw the error because no file descriptor was left for its file. A later call may load it. */
export function isUnloadable(error: unknown): boolean {
  return error instanceof Error && unloadable.has(error);
}

function isOutOfDescriptors(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, message } = error as NodeJS.ErrnoException;
  // Node's error about a package.json that it can't open has another code.
  return code === "EMFILE" || code === "ENFILE" || message.includes("too many open files");
}

function load(path: string): unknown {
  loading++;
  try {
    return requireModule(inSource ? `./${path}` : `./${fileOf(path)}`);
  } finally {
    loading--;
  }
}

function requireModule(file: string): unknown {
  try {
    return require(file);
  } catch (error) {
    if (!isOutOfDescriptors(error)) throw error;
    reserve.release();
    try {
      return require(file);
    } finally {
      reserve.fill();
    }
  }
}

/**
 * The number of reserved descriptors. One is for the file of a module; the others may be
 * taken by files that are being opened in libuv's four threads, as of `/proc`, and by the thread
 * in which Node reads the file of `NODE_EXTRA_CA_CERTS`, and stay open while the module is loaded.
 */
const RESERVED = 6;

/** Time between two attempts to get back the descriptors that others took. */
const REFILL_MS = 100;

/**
 * File descriptors that are released while a module is loaded, if the app has used up all
 * others: that may be when telltale is needed for the first time.
 */
class DescriptorReserve {
  readonly #descriptors: number[] = [];
  /** A timer in the context of a request would retain it. */
  readonly #runDetached: (work: () => void) => void = AsyncLocalStorage.snapshot();
  #isRefilling = false;

  /** Opens what is missing, now and later. Opens nothing if Node's permissions deny it. */
  fill(): void {
    try {
      while (this.#descriptors.length < RESERVED) this.#descriptors.push(openSync(devNull, "r"));
    } catch (error) {
      if (isOutOfDescriptors(error)) this.#fillLater();
    }
  }

  release(): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
  }

  #fillLater(): void {
    if (this.#isRefilling) return;
    this.#isRefilling = true;
    const refill = (): void => {
      this.#isRefilling = false;
      this.fill();
    };
    this.#runDetached(() => setTimeout(refill, REFILL_MS).unref());
  }
}

const reserve = new DescriptorReserve();
reserve.fill();

/**
 * Closes a file of telltale's own, and reserves its descriptor if one is missing, in the
 * same turn: closed by a thread of libuv, it would go to the next connection.
 */
export function closeFile(descriptor: number): void {
  closeSync(descriptor);
  reserve.fill();
}

/** Returns the module's file in `dist/`; the build names it by this function too. */
export function fileOf(path: string): string {
  return `${path.slice(0, -".ts".length).replaceAll("/", "-")}.js`;
}
