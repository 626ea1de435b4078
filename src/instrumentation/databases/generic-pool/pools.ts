import { now } from "../../../clock.ts";
import { isThenable } from "../../../thenable.ts";
import type {
  ConnectionPools,
  PoolReader,
  PoolState,
} from "../../database-client/connection-pools.ts";
import { observeCheckOut, type PoolTimes } from "../../database-client/pool-times.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

export interface PoolClass {
  readonly prototype: object;
}

/** A pool of version 3. */
interface Pool {
  readonly available: number;
  readonly borrowed: number;
  readonly size: number;
  readonly max: number;
  readonly min: number;
  readonly pending: number;
  readonly _draining?: boolean;
  readonly _factoryCreateOperations?: unknown;
}

/** Observes a pool from the first request for a resource. */
export function patchPool(prototype: object, pools: ConnectionPools): void {
  const timesOf = (pool: Pool): PoolTimes => pools.watch(pool, reader);
  replaceMethod<Pool, unknown[]>(
    prototype,
    "acquire",
    (original) =>
      function acquire(...args) {
        const checkOut = (): unknown => Reflect.apply(original, this, args);
        return observeCheckOut(timesOf(this), args, checkOut, isTimeout);
      },
  );
  for (const name of ["release", "destroy"]) {
    replaceMethod<Pool, unknown[]>(
      prototype,
      name,
      (original) =>
        function (...args) {
          timesOf(this).returned(args[0]);
          return Reflect.apply(original, this, args);
        },
    );
  }
  patchCreation(prototype, timesOf);
}

/** Measures how long the app's factory takes, between two private methods; without them there is no such time. */
function patchCreation(prototype: object, timesOf: (pool: Pool) => PoolTimes): void {
  if (!("_createResource" in prototype && "_trackOperation" in prototype)) return;
  const creatingSince = new CurrentValue<number | undefined>(undefined);
  replaceMethod<Pool, unknown[]>(
    prototype,
    "_createResource",
    (original) =>
      function createResource(...args) {
        return creatingSince.run(now(), () => Reflect.apply(original, this, args));
      },
  );
  replaceMethod<Pool, unknown[]>(
    prototype,
    "_trackOperation",
    (original) =>
      function trackOperation(...args) {
        const [operation, operations] = args;
        const since = creatingSince.get();
        const isCreation = operations === this._factoryCreateOperations;
        if (since !== undefined && isCreation && isThenable(operation)) {
          const times = timesOf(this);
          // The pool handles a rejection.
          operation.then(
            () => times.created((now() - since) / 1000),
            () => {},
          );
        }
        return Reflect.apply(original, this, args);
      },
  );
}

const reader: PoolReader<Pool> = {
  // It knows neither a name nor an address.
  nameOf: () => "generic-pool",
  stateOf,
};

function stateOf(pool: Pool): PoolState | undefined {
  if (pool._draining === true && pool.size === 0) return undefined;
  return {
    idle: pool.available,
    used: pool.borrowed,
    max: pool.max,
    pending: pool.pending,
    idleMin: pool.min,
  };
}

/** The library's error when no resource is free within `acquireTimeoutMillis`. */
function isTimeout(error: unknown): boolean {
  return (error as { readonly name?: unknown }).name === "TimeoutError";
}
