import { createNoopMeter, type Meter } from "@opentelemetry/api";
import { ConnectionPools, type PoolState } from "../../database-client/connection-pools.ts";

/** The parts of `pg-pool` that are used. */
export interface PgPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended?: boolean;
  readonly options: ConnectionOptions & {
    readonly connectionString?: string;
    readonly max?: number;
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
  readonly #stateOf = (pool: PgPool): PoolState | undefined => this.#state(pool);

  constructor(meter: Meter) {
    this.#pools = new ConnectionPools(meter);
  }

  /** Observes a pool until it is closed or garbage-collected. */
  watch(pool: PgPool): void {
    this.#pools.watch(pool, this.#stateOf);
  }

  #state(pool: PgPool): PoolState | undefined {
    if (pool.ended === true) return undefined;
    return {
      name: this.#nameOf(pool),
      idle: pool.idleCount,
      used: pool.totalCount - pool.idleCount,
      max: pool.options.max ?? 0,
      pending: pool.waitingCount,
    };
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
