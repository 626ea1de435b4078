import { tryRead } from "../try-read.ts";

/**
 * Returns the variables of a child process, as `NAME=value`; undefined if they stay as they are.
 * Never throws, and does not change the array.
 */
export type PairsFor = (pairs: readonly unknown[]) => readonly string[] | undefined;

/** What Node makes of the options of an app, or what an app passes to `ChildProcess` itself. */
interface SpawnOptions {
  envPairs?: unknown;
}

type Spawn = (this: unknown, options: SpawnOptions, ...rest: unknown[]) => unknown;

interface Spawner {
  spawn: Spawn;
}

/**
 * Wraps the method by which `spawn`, `exec`, `execFile` and `fork` start a process. By then Node
 * has read the arguments of the app, whose `env` is an array of Node's.
 *
 * @param process an instance of `ChildProcess`
 */
export function patchSpawn(process: object, pairsFor: PairsFor): void {
  let prototype: unknown = process;
  while (typeof prototype === "object" && prototype !== null && !Object.hasOwn(prototype, "spawn"))
    prototype = Object.getPrototypeOf(prototype);
  wrapSpawn(prototype, pairsFor);
}

/**
 * Wraps the function of Node by which `spawnSync`, `execSync` and `execFileSync` start a process.
 * Under Node's permissions there is no access to it.
 */
export function patchSpawnSync(pairsFor: PairsFor): void {
  wrapSpawn(
    tryRead(() => withoutWarning(() => (process as Bindings).binding?.("spawn_sync"))),
    pairsFor,
  );
}

interface Bindings {
  readonly binding?: (name: string) => unknown;
}

/** Access to a binding is deprecated (DEP0111), which apps that show pending deprecations need not read of telltale. */
function withoutWarning<Result>(read: () => Result): Result {
  const own = Object.getOwnPropertyDescriptor(process, "noDeprecation");
  Object.defineProperty(process, "noDeprecation", { configurable: true, value: true });
  try {
    return read();
  } finally {
    if (own === undefined) Reflect.deleteProperty(process, "noDeprecation");
    else Object.defineProperty(process, "noDeprecation", own);
  }
}

function wrapSpawn(target: unknown, pairsFor: PairsFor): void {
  const spawner = target as Partial<Spawner> | null | undefined;
  const original = spawner?.spawn;
  if (typeof original !== "function") return;
  const wrapper: Spawner = {
    spawn(options) {
      return withPairs(options, pairsFor, () => Reflect.apply(original, this, arguments));
    },
  };
  // A frozen one stays as it is.
  Reflect.set(spawner as object, "spawn", wrapper.spawn);
}

/** Calls `spawn` with other variables; afterwards the options are those of before. */
function withPairs(options: SpawnOptions, pairsFor: PairsFor, spawn: () => unknown): unknown {
  const own = tryRead(() => options.envPairs);
  const pairs = Array.isArray(own) ? pairsFor(own) : undefined;
  if (pairs === undefined || !setPairs(options, pairs)) return spawn();
  try {
    return spawn();
  } finally {
    setPairs(options, own);
  }
}

function setPairs(options: SpawnOptions, pairs: unknown): boolean {
  return tryRead(() => Reflect.set(options, "envPairs", pairs)) === true;
}
