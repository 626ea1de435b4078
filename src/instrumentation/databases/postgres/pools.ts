import type {
  ConnectionPools,
  PoolReader,
  PoolState,
} from "../../database-client/connection-pools.ts";

/** The connections of a client by their state, which it shares with each connection. */
interface Queues {
  readonly connecting: Queue;
  readonly reserved: Queue;
  readonly closed: Queue;
  readonly ended: Queue;
  readonly open: Queue;
  readonly busy: Queue;
  readonly full: Queue;
}

interface Queue {
  readonly length: number;
}

/** Options of a client, with defaults. */
interface PoolOptions {
  readonly host: readonly string[];
  readonly port: readonly (number | string)[];
  /** Path of a socket. */
  readonly path?: string | false;
  readonly database?: string;
  readonly max?: number;
}

const optionsOf = new WeakMap<Queues, PoolOptions>();

/**
 * Observes the connections of a client. The first releases of version 3 have no such
 * queues. Queries that wait for a connection can't be counted: their queue is private.
 */
export function watchQueues(pools: ConnectionPools, options: PoolOptions, queues: unknown): void {
  if (typeof queues !== "object" || queues === null || !("busy" in queues)) return;
  optionsOf.set(queues as Queues, options);
  pools.watch(queues as Queues, reader);
}

const reader: PoolReader<Queues> = { nameOf, stateOf };

/** Names the first of several hosts. */
function nameOf(queues: Queues): string {
  const { host = [], port = [], path, database = "" } = optionsOf.get(queues) ?? {};
  return `${path || `${host[0]}:${port[0]}`}/${database}`;
}

function stateOf(queues: Queues): PoolState | undefined {
  const { connecting, reserved, closed, ended, open, busy, full } = queues;
  const used = busy.length + full.length + reserved.length;
  const others = connecting.length + closed.length + open.length;
  // All connections of a client have ended after `sql.end()`.
  if (ended.length > 0 && used + others === 0) return undefined;
  return { idle: open.length, used, max: optionsOf.get(queues)?.max };
}
