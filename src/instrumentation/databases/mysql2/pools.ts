import { bindFunctions } from "../../loading/caller-context.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import type {
  ConnectionPools,
  PoolReader,
  PoolState,
} from "../../database-client/connection-pools.ts";
import { observeCheckOut, type PoolTimes } from "../../database-client/pool-times.ts";
import { addressOf, type ConnectionConfig } from "./address.ts";

/** Observes a pool from its first request for a connection. */
export function patchPool(prototype: object, pools: ConnectionPools): void {
  const timesOf = (pool: Pool): PoolTimes => pools.watch(pool, reader);
  replaceMethod<Pool, unknown[]>(
    prototype,
    "getConnection",
    (original) =>
      function getConnection(...args) {
        const times = timesOf(this);
        const all = bindFunctions(args);
        const checkOut = (): unknown => Reflect.apply(original, this, all);
        return observeCheckOut(times, all, () => times.whileOpening(checkOut), isTimeout);
      },
  );
  replaceMethod<Pool, unknown[]>(
    prototype,
    "releaseConnection",
    (original) =>
      function releaseConnection(...args) {
        timesOf(this).returned(args[0]);
        return Reflect.apply(original, this, args);
      },
  );
}

interface Queue {
  readonly length: number;
}

interface Pool {
  readonly config: {
    readonly connectionLimit?: number;
    readonly maxIdle?: number;
    readonly connectionConfig: ConnectionConfig;
  };
  readonly _closed?: boolean;
  readonly _allConnections: Queue;
  readonly _freeConnections: Queue;
  readonly _connectionQueue: Queue;
}

const names = new WeakMap<Pool, string>();

const reader: PoolReader<Pool> = { nameOf, stateOf };

function nameOf(pool: Pool): string {
  const known = names.get(pool);
  if (known !== undefined) return known;
  const { namespace, address, port } = addressOf(pool.config.connectionConfig);
  const name = `${address}${port === undefined ? "" : `:${port}`}/${namespace ?? ""}`;
  names.set(pool, name);
  return name;
}

function stateOf(pool: Pool): PoolState | undefined {
  if (pool._closed === true) return undefined;
  const idle = pool._freeConnections.length;
  return {
    idle,
    used: pool._allConnections.length - idle,
    max: pool.config.connectionLimit ?? 0,
    pending: pool._connectionQueue.length,
    idleMax: pool.config.maxIdle,
  };
}

/** The driver's error when a server does not answer in `connectTimeout`. */
function isTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "ETIMEDOUT";
}
