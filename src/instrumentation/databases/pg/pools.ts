import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { CallRecorder } from "../../../development/call-recorder.ts";
import {
  ConnectionPools,
  type PoolReader,
  type PoolState,
} from "../../database-client/connection-pools.ts";
import type { PoolTimes } from "../../database-client/pool-times.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/** The parts of `pg-pool` that are used. */
export interface PgPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended?: boolean;
  readonly options: ConnectionOptions & {
    readonly connectionString?: string;
    readonly max?: number;
    readonly min?: number;
  };
  /** Private; connections with complete parameters, those of the environment included. */
  readonly _clients?: readonly { readonly connectionParameters?: ConnectionOptions }[];
}

interface ConnectionOptions {
  readonly host?: string;
  readonly port?: number | string;
  readonly database?: string;
}

/**
 * Metrics of `pg-pool`. Upstream counts acquired and released connections in one
 * state for all pools, so that two pools are wrong, and does not read connection
 * strings.
 */
export class PgPools {
  readonly #names = new WeakMap<PgPool, string>();
  readonly #pools: ConnectionPools;
  readonly #reader: PoolReader<PgPool> = { nameOf: (pool) => this.#nameOf(pool), stateOf };

  constructor(meter: Meter, recorder: CallRecorder | undefined) {
    this.#pools = new ConnectionPools(meter, recorder);
  }

  /** Observes a pool until it is closed or garbage-collected. Returns the recorder of its times. */
  watch(pool: PgPool): PoolTimes {
    return this.#pools.watch(pool, this.#reader);
  }

  #nameOf(pool: PgPool): string {
    const known = this.#names.get(pool);
    if (known !== undefined) return known;
    const parameters = pool._clients?.[0]?.connectionParameters;
    const name = poolName(parameters ?? optionsOf(pool));
    if (parameters !== undefined) this.#names.set(pool, name);
    return name;
  }
}

/**
 * Measures the use of connections, and lets `observeOpening` measure how long they
 * take to open. A version without these private methods has no such times.
 *
 * @param prototype of the class of pools
 * @param timesOf returns the recorder of a pool's times
 */
export function patchPool(prototype: object, timesOf: (pool: PgPool) => PoolTimes): void {
  patchPrivate(prototype, "_release", (pool, args, release) => {
    timesOf(pool).returned(args[0]);
    return release();
  });
  patchPrivate(prototype, "newClient", (pool, _args, open) => timesOf(pool).whileOpening(open));
}

function patchPrivate(
  prototype: object,
  name: string,
  observe: (pool: PgPool, args: readonly unknown[], call: () => unknown) => unknown,
): void {
  if (!(name in prototype)) return;
  replaceMethod<PgPool, unknown[]>(
    prototype,
    name,
    (original) =>
      function (...args) {
        return observe(this, args, () => Reflect.apply(original, this, args));
      },
  );
}

/**
 * Whether `pg-pool` obtained no connection within `connectionTimeoutMillis`. Its
 * errors have no code.
 */
export function isPoolTimeout(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (code !== undefined) return code === "ETIMEDOUT";
  return typeof message === "string" && message.slice(0, 200).includes("timeout");
}

function stateOf(pool: PgPool): PoolState | undefined {
  if (pool.ended === true) return undefined;
  return {
    idle: pool.idleCount,
    used: pool.totalCount - pool.idleCount,
    max: pool.options.max ?? 0,
    pending: pool.waitingCount,
    idleMin: pool.options.min,
  };
}

/** Returns `server.address:server.port/db.namespace`, the format of the semantic conventions. */
function poolName({ host, port, database }: ConnectionOptions): string {
  return `${host ?? "localhost"}:${port ?? 5432}/${database ?? "unknown"}`;
}

function optionsOf({ options }: PgPool): ConnectionOptions {
  const url = URL.parse(options.connectionString ?? "");
  if (url === null) return options;
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    host: url.hostname,
    ...(url.port === "" ? {} : { port: url.port }),
    ...(database === "" ? {} : { database }),
  };
}

/**
 * Returns a meter for upstream with working histograms; its counters, which
 * `PgPools` replaces, do nothing.
 */
export function withoutCounters(meter: Meter): Meter {
  return Object.assign(Object.create(createNoopMeter()) as Meter, {
    createHistogram: meter.createHistogram.bind(meter),
  });
}
