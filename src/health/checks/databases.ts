import type { HealthCheckFunction } from "../../api.ts";
import { type Target, targetOf } from "./target.ts";

/** A `Pool` or `Client` of `pg`. */
export interface PgClient {
  query(text: string): unknown;
}

/** A pool or connection of `mysql2`, with callbacks or of `mysql2/promise`. */
export interface Mysql2Client {
  query(sql: string): unknown;
}

/** A `MongoClient` of `mongodb`. */
export interface MongoClient {
  db(name?: string): { command(command: { readonly ping: 1 }, options?: object): unknown };
}

/** A client of `redis` (node-redis). */
export interface RedisClient {
  ping(): unknown;
}

/** A `Redis` or `Cluster` of `ioredis`. */
export interface IoredisClient {
  ping(): unknown;
  readonly status: string;
}

/**
 * Checks PostgreSQL by `SELECT 1`, on a connection of the pool of its own if it is one. A
 * connection that does not respond in time is closed.
 */
export function pg(client: Target<PgClient>): HealthCheckFunction {
  return async ({ signal }) => {
    const target = targetOf(client) as PgPool;
    if (typeof target.totalCount !== "number") return void (await target.query("SELECT 1"));
    const connection = await target.connect();
    await useConnection(signal, {
      query: () => connection.query("SELECT 1"),
      release: () => connection.release(),
      destroy: () => connection.release(true),
    });
  };
}

interface PgPool extends PgClient {
  /** Only pools have it. */
  readonly totalCount?: unknown;
  connect(): Promise<PgClient & { release(destroy?: boolean): void }>;
}

/**
 * Checks MySQL or MariaDB by `SELECT 1`, on a connection of the pool of its own if it is one. A
 * connection that does not respond in time is closed.
 */
export function mysql2(client: Target<Mysql2Client>): HealthCheckFunction {
  return async ({ signal }) => {
    const target = targetOf(client) as Mysql2Pool;
    // Both forms have promises: `promise()` belongs to those with callbacks only.
    const promised = typeof target.promise === "function" ? target.promise() : target;
    if (typeof promised.getConnection !== "function")
      return void (await promised.query("SELECT 1"));
    const connection = await promised.getConnection();
    await useConnection(signal, {
      query: () => connection.query("SELECT 1"),
      release: () => connection.release(),
      destroy: () => connection.destroy(),
    });
  };
}

interface Mysql2Pool extends Mysql2Client {
  promise?(): Mysql2Pool;
  getConnection?(): Promise<Mysql2Client & { release(): void; destroy(): void }>;
}

interface PooledConnection {
  query(): unknown;
  release(): void;
  destroy(): void;
}

/** Queries once and returns the connection to its pool; closes it if it fails or the time is over. */
async function useConnection(signal: AbortSignal, connection: PooledConnection): Promise<void> {
  let isReturned = false;
  const giveBack = (isUsable: boolean): void => {
    if (isReturned) return;
    isReturned = true;
    if (isUsable) connection.release();
    else connection.destroy();
  };
  const onAbort = (): void => giveBack(false);
  // The time is over: the result of the run is settled already.
  if (signal.aborted) return giveBack(true);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await connection.query();
    giveBack(true);
  } catch (error) {
    giveBack(false);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Share of the time limit that the driver gets: its error has a better reason than a timeout. */
const DRIVER_SHARE = 0.9;

/** Checks MongoDB by the command `ping`. */
export function mongodb(client: Target<MongoClient>): HealthCheckFunction {
  return async ({ timeout }) => {
    const timeoutMS = Math.max(1, Math.floor(timeout * DRIVER_SHARE));
    await targetOf(client).db("admin").command({ ping: 1 }, { timeoutMS });
  };
}

/** Checks Redis by `PING`. While the client is not connected it fails at once: its commands wait in a queue. */
export function redis(client: Target<RedisClient>): HealthCheckFunction {
  return async () => {
    const target = targetOf(client);
    // `isReady` is that of version 4 and later.
    const { isReady } = target as { readonly isReady?: unknown };
    if (isReady === false) throw new Error("the client is not connected");
    await target.ping();
  };
}

/** Checks Redis by `PING`. While the client reconnects it fails at once: its commands wait in a queue. */
export function ioredis(client: Target<IoredisClient>): HealthCheckFunction {
  return async () => {
    const target = targetOf(client);
    const { status } = target;
    if (!RESPONSIVE.has(status)) throw new Error(`the client is not connected (status ${status})`);
    await target.ping();
  };
}

/** Statuses of `ioredis` in which a command is sent, or starts the connection. */
const RESPONSIVE: ReadonlySet<string> = new Set(["ready", "connect", "connecting", "wait"]);
