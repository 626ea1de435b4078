import type {
  ConnectionPools,
  PoolReader,
  PoolState,
} from "../../database-client/connection-pools.ts";
import { observeOpening, outsideOfPool, type PoolTimes } from "../../database-client/pool-times.ts";
import { bindToCaller } from "../../loading/caller-context.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/** `RedisClientPool` of version 5 on. */
export interface PoolClass {
  readonly prototype: object;
}

interface Pool {
  readonly idleClients: number;
  readonly clientsInUse: number;
  readonly tasksQueueLength: number;
  readonly isOpen: boolean;
  /** The pool itself; `this` may be an object that inherits from it, with other options. */
  readonly _self?: Pool;
}

interface ClientOptions {
  readonly url?: string;
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string };
  readonly database?: number;
}

interface PoolOptions {
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What a pool is created with; it has no accessors for it. */
interface Creation {
  readonly client: ClientOptions | undefined;
  readonly pool: PoolOptions | undefined;
}

const creations = new WeakMap<Pool, Creation>();

/** Observes the pools of a class from their first connection, and binds tasks that they queue. */
export function patchPool(poolClass: PoolClass, pools: ConnectionPools): void {
  const timesOf = (pool: Pool): PoolTimes => pools.watch(pool._self ?? pool, reader);
  replaceMethod<unknown, [ClientOptions | undefined, PoolOptions | undefined]>(
    poolClass,
    "create",
    (original) =>
      function create(...args) {
        const pool = Reflect.apply(original, this, args) as Pool;
        creations.set(pool._self ?? pool, { client: args[0], pool: args[1] });
        return pool;
      },
  );
  replaceMethod<Pool, unknown[]>(
    poolClass.prototype,
    "connect",
    (original) =>
      function connect(...args) {
        return timesOf(this).whileOpening(() => Reflect.apply(original, this, args));
      },
  );
  replaceMethod<Pool, unknown[]>(
    poolClass.prototype,
    "execute",
    (original) =>
      function execute(...args) {
        const times = timesOf(this);
        const run = (task: unknown): unknown =>
          times.whileOpening(() => Reflect.apply(original, this, [task, ...args.slice(1)]));
        return observeTask(times, bindToCaller(args[0]), run);
      },
  );
}

/** Measures how long a pool takes to open the connection of a client. */
export function patchConnect(prototype: object): void {
  replaceMethod<object, unknown[]>(
    prototype,
    "connect",
    (original) =>
      function connect(...args) {
        return observeOpening(args, () => Reflect.apply(original, this, args));
      },
  );
}

/** Runs a task with a client of the pool, and measures its wait for the client and its use of it. */
function observeTask(times: PoolTimes, task: unknown, run: (task: unknown) => unknown): unknown {
  if (typeof task !== "function") return run(task);
  const request = times.request();
  let hasClient = false;
  const result = run(function (this: unknown, client: unknown, ...rest: unknown[]) {
    hasClient = true;
    times.borrowed(client, request);
    const returned = (): void => times.returned(client);
    try {
      const outcome = outsideOfPool(() => Reflect.apply(task, this, [client, ...rest]) as unknown);
      // The pool handles its rejection.
      if (outcome instanceof Promise) outcome.then(returned, returned);
      else returned();
      return outcome;
    } catch (error) {
      returned();
      throw error;
    }
  });
  // Nearly always a client is free, and the task has started.
  if (hasClient || !(result instanceof Promise)) return result;
  return result.catch((error: unknown) => {
    if (!hasClient && isTimeout(error)) times.timedOut(request);
    throw error;
  });
}

/** The library's error when no client is free within `acquireTimeout`. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === "TimeoutError";
}

/** The library's defaults. */
const MINIMUM = 1;
const MAXIMUM = 100;

const reader: PoolReader<Pool> = { nameOf, stateOf };

function nameOf(pool: Pool): string {
  const { url, socket, database } = creations.get(pool)?.client ?? {};
  // The library reads the URL of a pool for each client.
  const parsed = URL.parse(url ?? "");
  const host = parsed?.hostname || socket?.host || "localhost";
  const port = parsed?.port || (socket?.port ?? 6379);
  const db = parsed?.pathname.slice(1) || (database ?? 0);
  return `${socket?.path ?? `${host}:${port}`}/${db}`;
}

function stateOf(pool: Pool): PoolState | undefined {
  if (!pool.isOpen) return undefined;
  const { minimum = MINIMUM, maximum = MAXIMUM } = creations.get(pool)?.pool ?? {};
  return {
    idle: pool.idleClients,
    used: pool.clientsInUse,
    max: maximum,
    pending: pool.tasksQueueLength,
    idleMin: minimum,
  };
}
