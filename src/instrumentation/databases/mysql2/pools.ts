import { bindArguments } from "../../loading/caller-context.ts";
import type { ConnectionPools, PoolState } from "../../database-client/connection-pools.ts";
import { addressOf, type ConnectionConfig } from "./address.ts";

/** Observes a pool when the first connection is requested. */
export function patchPool(prototype: object, pools: ConnectionPools): void {
  bindArguments(prototype, "getConnection", (pool) => pools.watch(pool as Pool, stateOf));
}

interface Queue {
  readonly length: number;
}

interface Pool {
  readonly config: {
    readonly connectionLimit?: number;
    readonly connectionConfig: ConnectionConfig;
  };
  readonly _closed?: boolean;
  readonly _allConnections: Queue;
  readonly _freeConnections: Queue;
  readonly _connectionQueue: Queue;
}

function stateOf(pool: Pool): PoolState | undefined {
  if (pool._closed === true) return undefined;
  const { namespace, address, port } = addressOf(pool.config.connectionConfig);
  const idle = pool._freeConnections.length;
  return {
    name: `${address}${port === undefined ? "" : `:${port}`}/${namespace ?? ""}`,
    idle,
    used: pool._allConnections.length - idle,
    max: pool.config.connectionLimit ?? 0,
    pending: pool._connectionQueue.length,
  };
}
