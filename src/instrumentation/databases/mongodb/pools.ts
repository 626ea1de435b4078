import { bindFunctions } from "../../loading/caller-context.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import type {
  ConnectionPools,
  PoolReader,
  PoolState,
} from "../../database-client/connection-pools.ts";
import {
  observeCheckOut,
  observeOpening,
  type PoolTimes,
} from "../../database-client/pool-times.ts";

/** Observes a pool from its first checkout. */
export function patchPool(prototype: object, pools: ConnectionPools): void {
  const timesOf = (pool: Pool): PoolTimes => pools.watch(pool, reader);
  replaceMethod<Pool, unknown[]>(
    prototype,
    "checkOut",
    (original) =>
      function checkOut(...args) {
        const all = bindFunctions(args);
        const run = (): unknown => Reflect.apply(original, this, all);
        return observeCheckOut(timesOf(this), all, run, isTimeout);
      },
  );
  replaceMethod<Pool, unknown[]>(
    prototype,
    "checkIn",
    (original) =>
      function checkIn(...args) {
        timesOf(this).returned(args[0]);
        return Reflect.apply(original, this, args);
      },
  );
  patchCreation(prototype, timesOf);
}

/** Measures how long connections take to be created, in the versions whose pools have a method for it. */
function patchCreation(prototype: object, timesOf: (pool: Pool) => PoolTimes): void {
  if (!("createConnection" in prototype)) return;
  replaceMethod<Pool, unknown[]>(
    prototype,
    "createConnection",
    (original) =>
      function createConnection(...args) {
        const create = (): unknown => Reflect.apply(original, this, args);
        return timesOf(this).whileOpening(() => observeOpening(args, create));
      },
  );
}

interface Pool {
  readonly address?: string;
  readonly closed?: boolean;
  readonly totalConnectionCount: number;
  readonly availableConnectionCount: number;
  readonly waitQueueSize: number;
  readonly options: { readonly maxPoolSize?: number; readonly minPoolSize?: number };
}

const reader: PoolReader<Pool> = {
  nameOf: (pool) => pool.address ?? "mongodb",
  stateOf: (pool) =>
    pool.closed === true
      ? undefined
      : {
          idle: pool.availableConnectionCount,
          used: pool.totalConnectionCount - pool.availableConnectionCount,
          max: pool.options.maxPoolSize ?? 0,
          pending: pool.waitQueueSize,
          idleMin: pool.options.minPoolSize,
        },
};

/** The driver's errors when no connection is free within `waitQueueTimeoutMS` or `timeoutMS`. */
const timeouts = new Set<unknown>(["MongoWaitQueueTimeoutError", "MongoOperationTimeoutError"]);

function isTimeout(error: unknown): boolean {
  return timeouts.has((error as { readonly name?: unknown }).name);
}

/** A pool of version 3 without `useUnifiedTopology`, and of all versions before 3.5. */
export interface OldPool {
  readonly options: { readonly host: string; readonly port?: number; readonly size: number };
  readonly availableConnections: readonly { readonly workItems: readonly unknown[] }[];
  readonly inUseConnections: readonly unknown[];
  readonly queue: readonly unknown[];
  isDestroyed(): boolean;
}

/** Reads pools of these versions, which share a connection between commands: there is no time of use. */
export const oldPoolReader: PoolReader<OldPool> = { nameOf: addressOf, stateOf: oldPoolState };

export function addressOf({ options: { host, port } }: OldPool): string {
  return port === undefined ? host : `${host}:${port}`;
}

function oldPoolState(pool: OldPool): PoolState | undefined {
  if (pool.isDestroyed()) return undefined;
  const { availableConnections: available, inUseConnections, options, queue } = pool;
  const idle = available.filter(({ workItems }) => workItems.length === 0).length;
  const used = available.length - idle + inUseConnections.length;
  return { idle, used, max: options.size, pending: queue.length };
}
