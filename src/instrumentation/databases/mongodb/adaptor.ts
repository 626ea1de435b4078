import { type Attributes, context as contexts } from "@opentelemetry/api";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { lowCardinality } from "../../../low-cardinality.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { bindArguments } from "../../loading/caller-context.ts";
import { ConnectionPools, type PoolState } from "../../database-client/connection-pools.ts";
import {
  CallTarget,
  type DatabaseCall,
  DatabaseCalls,
  describeError,
  type DatabaseFailure,
} from "../../database-client/database-call.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";
import { satisfies } from "../../loading/semver-range.ts";

/**
 * Traces `mongodb`, and so Mongoose: one span per command that is sent over a
 * connection, `getMore` of cursors included. As in upstream's instrumentation, a
 * command without a parent span has no span. Unlike there, an error in the reply
 * to a write fails the span, and commands that a driver sends by itself (`hello`,
 * authentication) have none.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const calls = versions.getOrCreate(file, () => callsOf(file, deps));
    if (typeof exports === "function") return wrapCommandV3(exports as WireCommand, calls);
    const classes = exports as Readonly<Record<string, { readonly prototype: object }>>;
    const { Connection, ConnectionPool } = classes;
    if (ConnectionPool !== undefined) patchPool(ConnectionPool.prototype, calls);
    else if (Connection === undefined) throw new TypeError("there is no Connection");
    else if (satisfies(file.version, ">=6.4")) patchConnection(Connection.prototype, calls);
    else patchOldConnection(Connection.prototype, calls);
    return exports;
  },
};

interface Calls {
  readonly database: DatabaseCalls;
  readonly pools: ConnectionPools;
}

const versions = new PerVersionCache<Calls>();

function callsOf({ version }: LoadedFile, deps: AdaptorDeps): Calls {
  const scope = { scope: "mongodb", version, needsParent: true, describe: describeMongoError };
  return {
    database: new DatabaseCalls(deps, scope),
    pools: new ConnectionPools(deps.meterProvider.getMeter("mongodb", version)),
  };
}

interface Connection {
  /** `host:port`, or the path of a socket. */
  readonly address?: string;
  [TARGETS]?: Map<string, CallTarget>;
}

const TARGETS = Symbol("telltale.mongodb");

interface Namespace {
  readonly db: string;
}

type Command = Readonly<Record<string, unknown>>;

/** Commands that a driver sends by itself. */
const internalCommands = new Set([
  ...["hello", "ismaster", "isMaster", "ping", "endSessions", "killCursors"],
  ...["saslStart", "saslContinue", "authenticate", "getnonce"],
]);

function patchConnection(prototype: object, calls: Calls): void {
  replaceMethod<Connection, unknown[]>(
    prototype,
    "command",
    (original) =>
      function command(...args) {
        const call = start(calls, this, args);
        const reply = Reflect.apply(original, this, args);
        return call === undefined
          ? reply
          : call.endWithPromise(reply as Promise<unknown>, writeError);
      },
  );
}

/** Patches `command` of versions before 6.4, which takes a callback. */
function patchOldConnection(prototype: object, calls: Calls): void {
  replaceMethod<Connection, unknown[]>(
    prototype,
    "command",
    (original) =>
      function command(...args) {
        const last = args.length - 1;
        const callback = args[last];
        const call = typeof callback === "function" ? start(calls, this, args) : undefined;
        if (call !== undefined) args[last] = endThenCall(call, callback as Callback);
        return Reflect.apply(original, this, args);
      },
  );
}

/** The function of `lib/core/wireprotocol/command.js` that sends all commands in version 3. */
type WireCommand = (...args: unknown[]) => unknown;

function wrapCommandV3(original: WireCommand, calls: Calls): WireCommand {
  const command: WireCommand = (...args) => {
    const last = args.length - 1;
    const callback = args[last];
    if (typeof callback === "function") {
      const [server, namespace, ...rest] = args as [WireServer, string, ...unknown[]];
      // The namespace is `shop.items` or `shop.$cmd`.
      const [db = ""] = namespace.split(".", 1);
      const call = start(calls, connectionOf(server, calls), [{ db }, ...rest]);
      if (call !== undefined) args[last] = endThenCall(call, callback as Callback, writeErrorV3);
    }
    return original(...args);
  };
  return copyFunctionProperties(command, original);
}

function writeErrorV3(reply: unknown): MongoWriteError | undefined {
  return writeError((reply as { readonly result?: unknown } | null | undefined)?.result);
}

/** A server; from 3.5 on with `useUnifiedTopology`, the server-like object of a connection. */
interface WireServer {
  readonly description?: object & { readonly address?: string };
  readonly s: { readonly pool?: object & { readonly options?: OldPool["options"] } };
}

/** Returns the object that all commands to a server share, which caches its targets. */
function connectionOf(server: WireServer, { pools }: Calls): Connection {
  const { description, s } = server;
  const old = s.pool?.options === undefined ? undefined : (s.pool as OldPool);
  const key = old ?? description ?? server;
  const known = connections.get(key);
  if (known !== undefined) return known;
  const address = old === undefined ? description?.address : addressOf(old);
  // The driver's text for the address of a Unix socket.
  const isUnknown = address === undefined || address === "undefined:undefined";
  const connection: Connection = isUnknown ? {} : { address };
  connections.set(key, connection);
  if (old !== undefined) pools.watch(old, oldPoolState);
  return connection;
}

const connections = new WeakMap<object, Connection>();

type Callback = (error: unknown, reply?: unknown) => unknown;

function endThenCall(
  call: DatabaseCall,
  callback: Callback,
  failureIn: (reply: unknown) => unknown = writeError,
): Callback {
  return function ended(this: unknown, error, reply) {
    const failure: unknown = error ?? failureIn(reply);
    if (failure === undefined) call.succeed();
    else call.fail(failure);
    return contexts.with(call.context, callback, this, error, reply);
  };
}

function start(
  { database }: Calls,
  connection: Connection,
  [namespace, command]: readonly unknown[],
): DatabaseCall | undefined {
  if (typeof command !== "object" || command === null) return undefined;
  const [operation] = Object.keys(command);
  if (operation === undefined || internalCommands.has(operation)) return undefined;
  const target = targetOf(connection, namespace as Namespace);
  const collection = collectionOf(operation, command as Command);
  const label = collection && lowCardinality(collection);
  const name = label === undefined ? operation : `${operation} ${label}`;
  const attributes = target.attributesOf(operation, label);
  return database.start(name, attributes, () => ({
    ...detailsOf(command as Command),
    ...(label !== collection && { "db.collection.name": collection }),
  }));
}

/** Commands whose value is the name of a collection: `{ find: "items" }`. */
const collectionCommands = new Set(
  (
    "find insert update delete findAndModify findandmodify aggregate count distinct mapReduce " +
    "create drop createIndexes dropIndexes listIndexes collMod validate collStats"
  ).split(" "),
);

function collectionOf(operation: string, command: Command): string | undefined {
  const isAbout = collectionCommands.has(operation);
  const value = isAbout ? command[operation] : operation === "getMore" && command["collection"];
  return typeof value === "string" ? value : undefined;
}

function targetOf(connection: Connection, { db }: Namespace): CallTarget {
  const targets = (connection[TARGETS] ??= new Map<string, CallTarget>());
  let target = targets.get(db);
  if (target === undefined) {
    const [, address, port] = /^(.*?)(?::(\d+))?$/s.exec(connection.address ?? "") ?? [];
    const server = { address, port: port === undefined ? undefined : Number(port) };
    target = new CallTarget({ system: "mongodb", namespace: db, ...server });
    targets.set(db, target);
  }
  return target;
}

const WRITE_FIELDS = ["documents", "updates", "deletes"];

function detailsOf(command: Command): Attributes {
  const details: Attributes = { "db.query.text": sanitizedCommand(command) };
  for (const writes of WRITE_FIELDS) {
    const length = lengthOf(command[writes]);
    if (length > 1) details["db.operation.batch.size"] = length;
  }
  return details;
}

/** Returns the number of writes; some versions wrap the list, to send it separately. */
function lengthOf(writes: unknown): number {
  if (Array.isArray(writes)) return writes.length;
  const { documents } = (writes ?? {}) as { readonly documents?: unknown };
  return Array.isArray(documents) ? documents.length : 0;
}

/** Fields of the session and similar, which are no part of the query. */
const sessionFields = /^(?:\$|lsid$|txnNumber$|writeConcern$|readConcern$|api[VSD])/;
const MAX_DEPTH = 6;
const MAX_TEXT = 2000;

/** Returns the command with `?` for every value. Fields of written documents are values too. */
function sanitizedCommand(command: Command): string {
  const [operation = ""] = Object.keys(command);
  const collection = collectionOf(operation, command);
  const entries = Object.entries(command).filter(([key]) => !sessionFields.test(key));
  const masked = Object.fromEntries(
    entries.map(([key, value]) => {
      if (value === collection) return [key, value];
      return [key, key === "documents" ? "?" : maskValues(value, MAX_DEPTH)];
    }),
  );
  return JSON.stringify(masked).slice(0, MAX_TEXT);
}

function maskValues(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth === 0) return "?";
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[];
    const isList = value.length > 0 && typeof first === "object" && first !== null;
    return isList ? value.slice(0, MAX_DEPTH).map((item) => maskValues(item, depth - 1)) : "?";
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Dates, ids, regular expressions and other values.
  if (prototype !== Object.prototype && prototype !== null) return "?";
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, maskValues(inner, depth - 1)]),
  );
}

interface WriteError {
  readonly code?: unknown;
  readonly errmsg?: unknown;
}

/** A lazily parsed reply, from 6.7 on. */
interface LazyReply {
  has(field: string): boolean;
  toObject(): Readonly<Record<string, unknown>>;
}

/** Returns the first error among the writes of a command that itself has succeeded. */
function writeError(reply: unknown): MongoWriteError | undefined {
  if (typeof reply !== "object" || reply === null) return undefined;
  const { has } = reply as Partial<LazyReply>;
  const isLazy = typeof has === "function";
  if (isLazy && !(reply as LazyReply).has(WRITE_ERRORS)) return undefined;
  const all: unknown = isLazy ? (reply as LazyReply).toObject() : reply;
  const { [WRITE_ERRORS]: errors } = all as { readonly [WRITE_ERRORS]?: readonly WriteError[] };
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const { code, errmsg } = errors[0] as WriteError;
  return new MongoWriteError(String(errmsg), code);
}

const WRITE_ERRORS = "writeErrors";

class MongoWriteError extends Error {
  readonly code: unknown;

  constructor(message: string, code: unknown) {
    super(message);
    this.code = code;
  }
}

/**
 * Uses the error's code as status code:
 * https://opentelemetry.io/docs/specs/semconv/database/mongodb/
 */
function describeMongoError(error: unknown): DatabaseFailure {
  const failure = describeError(error);
  const { code, codeName } = error as { readonly code?: unknown; readonly codeName?: unknown };
  if (typeof code !== "number") return failure;
  const type = typeof codeName === "string" ? codeName : String(code);
  return { ...failure, type, statusCode: String(code) };
}

interface Pool {
  readonly address?: string;
  readonly closed?: boolean;
  readonly totalConnectionCount: number;
  readonly availableConnectionCount: number;
  readonly waitQueueSize: number;
  readonly options: { readonly maxPoolSize?: number };
}

function patchPool(prototype: object, { pools }: Calls): void {
  bindArguments(prototype, "checkOut", (pool) => pools.watch(pool as Pool, stateOf));
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
interface OldPool {
  readonly options: { readonly host: string; readonly port?: number; readonly size: number };
  readonly availableConnections: readonly { readonly workItems: readonly unknown[] }[];
  readonly inUseConnections: readonly unknown[];
  readonly queue: readonly unknown[];
  isDestroyed(): boolean;
}

function addressOf({ options: { host, port } }: OldPool): string {
  return port === undefined ? host : `${host}:${port}`;
}

function oldPoolState(pool: OldPool): PoolState | undefined {
  if (pool.isDestroyed()) return undefined;
  const { availableConnections: available, inUseConnections, options, queue } = pool;
  const idle = available.filter(({ workItems }) => workItems.length === 0).length;
  const used = available.length - idle + inUseConnections.length;
  return { name: addressOf(pool), idle, used, max: options.size, pending: queue.length };
}
