import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { CallRecorder } from "../../development/call-recorder.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import { tryRead } from "../../try-read.ts";
import { createPoolTimeInstruments, type PoolTimeInstruments, PoolTimes } from "./pool-times.ts";

/** State of a connection pool. */
export interface PoolState {
  readonly idle: number;
  readonly used: number;
  /** Maximum number of connections; undefined if there is none. */
  readonly max?: number | undefined;
  /** Number of requests that are pending for a connection; undefined if it is unknown. */
  readonly pending?: number | undefined;
  /** Maximum number of idle connections, if the pool has one. */
  readonly idleMax?: number | undefined;
  /** Minimum number of connections that stay open without work, if the pool has one. */
  readonly idleMin?: number | undefined;
}

/** Reads the pools of one library. */
export interface PoolReader<Pool> {
  /** Returns `server.address:server.port/db.namespace`, the format of the semantic conventions. */
  nameOf(pool: Pool): string;
  /** Returns the pool's state; undefined once the pool is closed. */
  stateOf(pool: Pool): PoolState | undefined;
}

/**
 * Metrics of connection pools: their state, observed when it is collected, and the
 * times that they take.
 *
 * https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#connection-pools
 */
export class ConnectionPools {
  readonly #pools = new Set<WeakRef<PoolEntry>>();
  readonly #entries = new WeakMap<object, PoolEntry>();
  readonly #times: PoolTimeInstruments;
  readonly #recorder: CallRecorder | undefined;

  /** @param recorder records what only the viewer receives; undefined without one. */
  constructor(meter: Meter, recorder?: CallRecorder) {
    this.#recorder = recorder;
    this.#times = createPoolTimeInstruments(meter);
    const count = createLevel(meter, "db.client.connection.count", {
      description:
        "The number of connections that are currently in state described by the `state` attribute.",
      unit: "{connection}",
    });
    const limits = limitRows.map(([field, name, options]) => ({
      field,
      limit: createLevel(meter, name, options),
    }));
    meter.addBatchObservableCallback(
      (result) => {
        for (const [name, state] of this.#statesByName()) {
          const attributes = { "db.client.connection.pool.name": name };
          observeCount(result, count, state, attributes);
          for (const { field, limit } of limits) {
            const value = state[field];
            if (value !== undefined) result.observe(limit, value, attributes);
          }
        }
      },
      [count, ...limits.map(({ limit }) => limit)],
    );
  }

  /**
   * Observes a pool until it is garbage-collected. Returns the recorder of its times,
   * each time the same.
   */
  watch<Pool extends object>(pool: Pool, reader: PoolReader<Pool>): PoolTimes {
    const known = this.#entries.get(pool);
    if (known !== undefined) return known.times;
    const reference = new WeakRef(pool);
    const nameOf = (): string => {
      const target = reference.deref();
      return target === undefined ? "unknown" : reader.nameOf(target);
    };
    const entry: PoolEntry = {
      nameOf,
      stateOf: () => {
        const target = reference.deref();
        return target && reader.stateOf(target);
      },
      forget: () => {
        const target = reference.deref();
        if (target !== undefined) this.#entries.delete(target);
      },
      times: new PoolTimes(this.#times, nameOf, this.#recorder),
    };
    this.#entries.set(pool, entry);
    this.#pools.add(new WeakRef(entry));
    return entry.times;
  }

  /**
   * Adds up pools with the same name: several pools of one database, or of
   * databases with generated names. A pool that can't be read is left out.
   */
  #statesByName(): Map<string, PoolState> {
    const sums = new Map<string, PoolState>();
    for (const reference of this.#pools) {
      const read = tryRead(() => readEntry(reference.deref()));
      if (read === undefined) continue;
      if (read === CLOSED) {
        this.#pools.delete(reference);
        // A pool that is opened again is observed again.
        reference.deref()?.forget();
        continue;
      }
      const name = lowCardinality(read.name);
      const sum = sums.get(name);
      sums.set(name, sum === undefined ? read.state : add(sum, read.state));
    }
    return sums;
  }
}

interface PoolEntry {
  readonly nameOf: () => string;
  readonly stateOf: () => PoolState | undefined;
  readonly forget: () => void;
  readonly times: PoolTimes;
}

const CLOSED = "closed";

function readEntry(
  entry: PoolEntry | undefined,
): { readonly name: string; readonly state: PoolState } | typeof CLOSED {
  const state = entry?.stateOf();
  return entry === undefined || state === undefined ? CLOSED : { name: entry.nameOf(), state };
}

function add(a: PoolState, b: PoolState): PoolState {
  return {
    idle: a.idle + b.idle,
    used: a.used + b.used,
    max: sumOf(a.max, b.max),
    pending: sumOf(a.pending, b.pending),
    idleMax: sumOf(a.idleMax, b.idleMax),
    idleMin: sumOf(a.idleMin, b.idleMin),
  };
}

function sumOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

interface LevelOptions {
  readonly description: string;
  readonly unit: string;
}

const limitRows: readonly (readonly [
  "max" | "pending" | "idleMax" | "idleMin",
  string,
  LevelOptions,
])[] = [
  [
    "max",
    "db.client.connection.max",
    { description: "The maximum number of open connections allowed.", unit: "{connection}" },
  ],
  [
    "idleMax",
    "db.client.connection.idle.max",
    { description: "The maximum number of idle open connections allowed.", unit: "{connection}" },
  ],
  [
    "idleMin",
    "db.client.connection.idle.min",
    { description: "The minimum number of idle open connections allowed.", unit: "{connection}" },
  ],
  [
    "pending",
    "db.client.connection.pending_requests",
    {
      description: "The number of current pending requests for an open connection.",
      unit: "{request}",
    },
  ],
];

function createLevel(meter: Meter, name: string, options: LevelOptions): Observable {
  return meter.createObservableUpDownCounter(name, options);
}

function observeCount(
  result: BatchObservableResult,
  count: Observable,
  { idle, used }: PoolState,
  attributes: Attributes,
): void {
  result.observe(count, idle, { ...attributes, "db.client.connection.state": "idle" });
  result.observe(count, used, { ...attributes, "db.client.connection.state": "used" });
}
