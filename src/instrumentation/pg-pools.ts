import { type BatchObservableResult, createNoopMeter, type Meter } from "@opentelemetry/api";

/** What is used of `pg-pool`. */
export interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended?: boolean;
  readonly options: ConnectionOptions & {
    readonly connectionString?: string;
    readonly max?: number;
  };
  /** Private; the connections, whose parameters are complete (from the environment too). */
  readonly _clients?: readonly { readonly connectionParameters?: ConnectionOptions }[];
}

interface ConnectionOptions {
  readonly host?: string;
  readonly port?: number | string;
  readonly database?: string;
}

/**
 * The pools' metrics, read off the pools when they are collected. Upstream
 * counts with each connection that is taken and given back, in one state for
 * all pools (so that two are wrong), and knows no connection strings.
 *
 * https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#connection-pools
 */
export class Pools {
  readonly #pools = new Set<WeakRef<Pool>>();
  readonly #known = new WeakSet<Pool>();
  readonly #names = new WeakMap<Pool, string>();

  constructor(meter: Meter) {
    const instruments = {
      count: meter.createObservableUpDownCounter("db.client.connection.count", {
        description: "Connections of a pool by their state.",
        unit: "{connection}",
      }),
      max: meter.createObservableUpDownCounter("db.client.connection.max", {
        description: "Connections that a pool may have.",
        unit: "{connection}",
      }),
      pending: meter.createObservableUpDownCounter("db.client.connection.pending_requests", {
        description: "Who waits for a connection of a pool.",
        unit: "{request}",
      }),
    };
    meter.addBatchObservableCallback((result) => {
      for (const [name, sum] of this.#sums()) observe(result, instruments, name, sum);
    }, Object.values(instruments));
  }

  /** From now on, as long as it lives and isn't ended. */
  watch(pool: Pool): void {
    if (this.#known.has(pool)) return;
    this.#known.add(pool);
    this.#pools.add(new WeakRef(pool));
  }

  /** Pools of one name (several of one database) are one. */
  #sums(): Map<string, Sum> {
    const sums = new Map<string, Sum>();
    for (const reference of this.#pools) {
      const pool = reference.deref();
      if (pool === undefined || pool.ended === true) {
        this.#pools.delete(reference);
        continue;
      }
      const name = this.#nameOf(pool);
      const { idle = 0, used = 0, max = 0, pending = 0 } = sums.get(name) ?? {};
      sums.set(name, {
        idle: idle + pool.idleCount,
        used: used + pool.totalCount - pool.idleCount,
        max: max + (pool.options.max ?? 0),
        pending: pending + pool.waitingCount,
      });
    }
    return sums;
  }

  #nameOf(pool: Pool): string {
    const known = this.#names.get(pool);
    if (known !== undefined) return known;
    const parameters = pool._clients?.[0]?.connectionParameters;
    const name = poolName(parameters ?? optionsOf(pool));
    if (parameters !== undefined) this.#names.set(pool, name);
    return name;
  }
}

interface Sum {
  readonly idle: number;
  readonly used: number;
  readonly max: number;
  readonly pending: number;
}

type Instrument = ReturnType<Meter["createObservableUpDownCounter"]>;

function observe(
  result: BatchObservableResult,
  { count, max, pending }: Readonly<Record<"count" | "max" | "pending", Instrument>>,
  name: string,
  sum: Sum,
): void {
  const attributes = { "db.client.connection.pool.name": name };
  result.observe(count, sum.idle, { ...attributes, "db.client.connection.state": "idle" });
  result.observe(count, sum.used, { ...attributes, "db.client.connection.state": "used" });
  result.observe(max, sum.max, attributes);
  result.observe(pending, sum.pending, attributes);
}

/** `server.address:server.port/db.namespace`, as the conventions have it. */
function poolName({ host, port, database }: ConnectionOptions): string {
  return `${host ?? "localhost"}:${port ?? 5432}/${database ?? "unknown"}`;
}

function optionsOf({ options }: Pool): ConnectionOptions {
  const url = URL.parse(options.connectionString ?? "");
  if (url === null) return options;
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    host: url.hostname,
    ...(url.port === "" ? {} : { port: url.port }),
    ...(database === "" ? {} : { database }),
  };
}

/** For upstream: histograms are real, the counters that `Pools` replaces aren't. */
export function withoutCounters(meter: Meter): Meter {
  return Object.assign(Object.create(createNoopMeter()) as Meter, {
    createHistogram: meter.createHistogram.bind(meter),
  });
}
