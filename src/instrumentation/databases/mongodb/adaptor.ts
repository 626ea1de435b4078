import { context as contexts } from "@opentelemetry/api";
import { lowCardinality } from "../../../low-cardinality.ts";
import { CallTarget } from "../../database-client/call-target.ts";
import { ConnectionPools } from "../../database-client/connection-pools.ts";
import { type DatabaseCall, DatabaseCalls } from "../../database-client/database-call.ts";
import type { Adaptor, AdaptorDeps, LoadedFile } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";
import { satisfies } from "../../loading/semver-range.ts";
import { collectionOf, type Command, detailsOf } from "./command-text.ts";
import { describeMongoError, writeError } from "./failures.ts";
import { addressOf, type OldPool, oldPoolReader, patchPool } from "./pools.ts";

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
    if (ConnectionPool !== undefined) patchPool(ConnectionPool.prototype, calls.pools);
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
    pools: new ConnectionPools(deps.meterProvider.getMeter("mongodb", version), deps.viewerCalls),
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

function writeErrorV3(reply: unknown): Error | undefined {
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
  if (old !== undefined) pools.watch(old, oldPoolReader);
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
  const call = database.start(name, attributes, () => ({
    ...detailsOf(command as Command),
    ...(label !== collection && { "db.collection.name": collection }),
  }));
  database.recorder?.document(call.span, command);
  return call;
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
