import { bindArguments } from "../../loading/caller-context.ts";
import type { ConnectionPools, PoolState } from "../../database-client/connection-pools.ts";

/** Observes a pool when the first connection is checked out. */
export function patchPool(prototype: object, pools: ConnectionPools): void {
  bindArguments(prototype, "checkOut", (pool) => pools.watch(pool as Pool, stateOf));
}

interface Pool {
  readonly address?: string;
  readonly closed?: boolean;
  readonly totalConnectionCount: number;
  readonly availableConnectionCount: number;
  readonly waitQueueSize: number;
  readonly options: { readonly maxPoolSize?: number };
}

function stateOf(pool: Pool): PoolState | undefined {
  if (pool.closed === true) return undefined;
  return {
    name: pool.address ?? "mongodb",
    idle: pool.availableConnectionCount,
    used: pool.totalConnectionCount - pool.availableConnectionCount,
    max: pool.options.maxPoolSize ?? 0,
    pending: pool.waitQueueSize,
  };
}

/** A pool of version 3 without `useUnifiedTopology`, and of all versions before 3.5. */
export interface OldPool {
  readonly options: { readonly host: string; readonly port?: number; readonly size: number };
  readonly availableConnections: readonly { readonly workItems: readonly unknown[] }[];
  readonly inUseConnections: readonly unknown[];
  readonly queue: readonly unknown[];
  isDestroyed(): boolean;
}

export function addressOf({ options: { host, port } }: OldPool): string {
  return port === undefined ? host : `${host}:${port}`;
}

export function oldPoolState(pool: OldPool): PoolState | undefined {
  if (pool.isDestroyed()) return undefined;
  const { availableConnections: available, inUseConnections, options, queue } = pool;
  const idle = available.filter(({ workItems }) => workItems.length === 0).length;
  const used = available.length - idle + inUseConnections.length;
  return { name: addressOf(pool), idle, used, max: options.size, pending: queue.length };
}
