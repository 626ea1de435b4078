import type { BatchObservableResult, Meter } from "@opentelemetry/api";
import { lowCardinality } from "../../low-cardinality.ts";

/** State of a connection pool. */
export interface PoolState {
  /** `server.address:server.port/db.namespace`, the format of the semantic conventions. */
  readonly name: string;
  readonly idle: number;
  readonly used: number;
  /** Maximum number of connections. */
  readonly max: number;
  /** Number of requests that are pending for a connection. */
  readonly pending: number;
}

/**
 * Metrics of connection pools, observed when they are collected.
 *
 * https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#connection-pools
 */
export class ConnectionPools {
  readonly #pools = new Set<WeakRef<PoolReader>>();
  readonly #readers = new WeakMap<object, PoolReader>();

  constructor(meter: Meter) {
    const instruments = {
      count: meter.createObservableUpDownCounter("db.client.connection.count", {
        description:
          "The number of connections that are currently in state described by the `state` attribute.",
        unit: "{connection}",
      }),
      max: meter.createObservableUpDownCounter("db.client.connection.max", {
        description: "The maximum number of open connections allowed.",
        unit: "{connection}",
      }),
      pending: meter.createObservableUpDownCounter("db.client.connection.pending_requests", {
        description: "The number of current pending requests for an open connection.",
        unit: "{request}",
      }),
    };
    meter.addBatchObservableCallback((result) => {
      for (const state of this.#statesByName().values()) observe(result, instruments, state);
    }, Object.values(instruments));
  }

  /**
   * Observes a pool until it is garbage-collected.
   *
   * @param stateOf returns the pool's state; undefined once the pool is closed
   */
  watch<Pool extends object>(pool: Pool, stateOf: (pool: Pool) => PoolState | undefined): void {
    if (this.#readers.has(pool)) return;
    const reference = new WeakRef(pool);
    const reader: PoolReader = () => {
      const target = reference.deref();
      return target && stateOf(target);
    };
    this.#readers.set(pool, reader);
    this.#pools.add(new WeakRef(reader));
  }

  /**
   * Adds up pools with the same name: several pools of one database, or of
   * databases with generated names.
   */
  #statesByName(): Map<string, PoolState> {
    const sums = new Map<string, PoolState>();
    for (const reference of this.#pools) {
      const state = reference.deref()?.();
      if (state === undefined) {
        this.#pools.delete(reference);
        continue;
      }
      const name = lowCardinality(state.name);
      const sum = sums.get(name);
      sums.set(name, sum === undefined ? { ...state, name } : add(sum, state));
    }
    return sums;
  }
}

type PoolReader = () => PoolState | undefined;

function add(a: PoolState, b: PoolState): PoolState {
  return {
    name: a.name,
    idle: a.idle + b.idle,
    used: a.used + b.used,
    max: a.max + b.max,
    pending: a.pending + b.pending,
  };
}

type Instrument = ReturnType<Meter["createObservableUpDownCounter"]>;

function observe(
  result: BatchObservableResult,
  { count, max, pending }: Readonly<Record<"count" | "max" | "pending", Instrument>>,
  state: PoolState,
): void {
  const attributes = { "db.client.connection.pool.name": state.name };
  result.observe(count, state.idle, { ...attributes, "db.client.connection.state": "idle" });
  result.observe(count, state.used, { ...attributes, "db.client.connection.state": "used" });
  result.observe(max, state.max, attributes);
  result.observe(pending, state.pending, attributes);
}
