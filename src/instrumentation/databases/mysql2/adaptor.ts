import { type EventEmitter, errorMonitor } from "node:events";
import { now } from "../../../clock.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { bindArguments, bindEvents, bindToCaller } from "../../loading/caller-context.ts";
import { ConnectionPools, type PoolState } from "../../database-client/connection-pools.ts";
import {
  CallTarget,
  type DatabaseCall,
  describeError,
  type DatabaseFailure,
} from "../../database-client/database-call.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { SqlCalls } from "../../database-client/sql-calls.ts";

/**
 * `mysql2`, callbacks and promises, connections and pools, `query`, `execute`
 * and prepared statements. All of it goes through the methods of a connection.
 * As upstream does, each statement gets a span, whether one is around it or
 * not; other than upstream's, it begins where the app asks even if the pool is
 * exhausted, and its text has no values.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const calls = versions.getOrCreate(file, () => callsOf(file, deps));
    if (file.file.endsWith("pool.js")) patchPool(prototypeWith("getConnection", exports), calls);
    else patchConnection(prototypeWith("query", exports), calls);
    return exports;
  },
};

interface Calls {
  readonly sql: SqlCalls;
  readonly pools: ConnectionPools;
}

const versions = new PerVersionCache<Calls>();

function callsOf({ version }: LoadedFile, deps: AdaptorDeps): Calls {
  const scope = { scope: "mysql2", version, needsParent: false, describe: describeMysqlError };
  return {
    sql: new SqlCalls(deps, "mysql", scope),
    pools: new ConnectionPools(deps.meterProvider.getMeter("mysql2", version)),
  };
}

/** In some versions the class that is exported has its methods from another, of the same package. */
function prototypeWith(method: string, exports: unknown): object {
  let prototype = (exports as { readonly prototype: object }).prototype;
  while (!Object.hasOwn(prototype, method)) {
    const parent: unknown = Object.getPrototypeOf(prototype);
    if (typeof parent !== "object" || parent === null)
      throw new TypeError(`there is no ${method}()`);
    prototype = parent;
  }
  return prototype;
}

interface ConnectionConfig {
  readonly host?: string;
  readonly port?: number | string;
  readonly socketPath?: string;
  readonly database?: string;
}

interface Connection {
  readonly config: ConnectionConfig;
  /** The one that is at work. */
  readonly _command?: Command | undefined;
  /** Those that wait for it. */
  readonly _commands?: { toArray(): readonly Command[] };
  [TARGET]?: CallTarget;
}

/** What `query` and `execute` take first, if not text; `query` one that is made already too. */
interface Statement {
  readonly sql?: unknown;
  readonly values?: unknown;
  onResult?: unknown;
}

/** A statement that was sent. */
interface Command extends EventEmitter {
  readonly statement?: { readonly query?: unknown };
  onResult?: unknown;
  [CALL]?: DatabaseCall;
}

/** On a connection. */
const TARGET = Symbol("telltale.mysql2");
/** On a command. */
const CALL = Symbol("telltale.mysql2.call");

function patchConnection(prototype: object, calls: Calls): void {
  if (patchedPrototypes.has(prototype)) return;
  patchedPrototypes.add(prototype);
  for (const name of ["query", "execute"]) {
    replaceMethod<Connection, unknown[]>(
      prototype,
      name,
      (original) =>
        function query(...args) {
          const sql = sqlTextOf(args[0]);
          if (sql === undefined) return Reflect.apply(original, this, args);
          const call = calls.sql.start(targetOf(this), sql, isParameterised(args));
          return observe(call, args, () => Reflect.apply(original, this, args));
        },
    );
  }
  patchPrepared(prototype, calls);
  patchClose(prototype);
  // No statements, so without a span; they wait their turn all the same.
  for (const name of ["connect", "ping", "changeUser", "end"]) bindArguments(prototype, name);
}

/** What a connection that the app destroys has still to do is never called back. */
function patchClose(prototype: object): void {
  replaceMethod<Connection, unknown[]>(
    prototype,
    "close",
    (original) =>
      function close(...args) {
        const result = Reflect.apply(original, this, args);
        for (const command of [this._command, ...(this._commands?.toArray() ?? [])]) {
          command?.[CALL]?.succeed();
        }
        return result;
      },
  );
}

/** Several files may lead to one class. */
const patchedPrototypes = new WeakSet();

/** While a connection's own method is at work, what it sends is observed already. */
const isObserved = new CurrentValue(false);

function observe(call: DatabaseCall, args: unknown[], send: () => unknown): unknown {
  const hasCallback = bindCallback(call, args);
  try {
    const command = isObserved.run(true, send) as Command;
    command[CALL] = call;
    if (!hasCallback) endOnEvents(call, command);
    return command;
  } catch (error) {
    call.fail(error);
    throw error;
  }
}

function bindCallback(call: DatabaseCall, args: unknown[]): boolean {
  const last = args.length - 1;
  if (typeof args[last] === "function") {
    args[last] = call.bindCallback(args[last] as Callback);
    return true;
  }
  const [first] = args as [Statement];
  if (typeof first !== "object" || typeof first.onResult !== "function") return false;
  first.onResult = call.bindCallback(first.onResult as Callback);
  return true;
}

type Callback = (this: unknown, error: unknown, ...rest: unknown[]) => unknown;

/** Rows come one by one then, as events. */
function endOnEvents(call: DatabaseCall, command: Command): void {
  bindEvents(command);
  // Not "error": a listener for that would take an uncaught error from the app.
  command.once(errorMonitor, (error: unknown) => call.fail(error));
  command.once("end", () => call.succeed());
}

/** `statement.execute` sends a command past the methods of the connection. */
function patchPrepared(prototype: object, calls: Calls): void {
  patchPrepare(prototype, calls);
  replaceMethod<Connection, [Command, ...unknown[]]>(
    prototype,
    "addCommand",
    (original) =>
      function addCommand(...args) {
        const [command] = args;
        const sql = isObserved.get() ? undefined : command.statement?.query;
        if (typeof sql === "string" && command.constructor.name === "Execute") {
          const call = calls.sql.start(targetOf(this), sql, true);
          command[CALL] = call;
          if (!bindCallback(call, args)) endOnEvents(call, command);
        }
        return Reflect.apply(original, this, args);
      },
  );
}

/** That a statement is prepared is a part of its first call; only where it can't be, there is none. */
function patchPrepare(prototype: object, { sql: calls }: Calls): void {
  replaceMethod<Connection, unknown[]>(
    prototype,
    "prepare",
    (original) =>
      function prepare(...args) {
        const sql = sqlTextOf(args[0]);
        const target = targetOf(this);
        const startedAt = now();
        const ended = (callback: Callback): Callback =>
          function (error, ...rest) {
            if (error && sql !== undefined) calls.start(target, sql, false, startedAt).fail(error);
            return Reflect.apply(callback, this, [error, ...rest]);
          };
        const all = args.map((arg) =>
          bindToCaller(typeof arg === "function" ? ended(arg as Callback) : arg),
        );
        return Reflect.apply(original, this, all);
      },
  );
}

function sqlTextOf(first: unknown): string | undefined {
  if (typeof first === "string") return first;
  if (typeof first !== "object" || first === null) return undefined;
  const { sql } = first as Statement;
  return typeof sql === "string" ? sql : undefined;
}

function isParameterised([first, second]: readonly unknown[]): boolean {
  const values = typeof second === "function" || second === undefined ? valuesIn(first) : second;
  if (Array.isArray(values)) return values.length > 0;
  return values !== undefined && values !== null;
}

function valuesIn(first: unknown): unknown {
  if (typeof first !== "object" || first === null) return undefined;
  return (first as Statement).values;
}

/** `changeUser` may take a connection to another database. */
function targetOf(connection: Connection): CallTarget {
  const { config } = connection;
  const known = connection[TARGET];
  if (known !== undefined && known.attributes["db.namespace"] === config.database) return known;
  return (connection[TARGET] = new CallTarget({ system: "mysql", ...addressOf(config) }));
}

function addressOf({ host, port, socketPath, database }: ConnectionConfig): {
  namespace: string | undefined;
  address: string | undefined;
  port: number | undefined;
} {
  if (socketPath) return { namespace: database, address: socketPath, port: undefined };
  return { namespace: database, address: host, port: port === undefined ? port : Number(port) };
}

interface Queue {
  readonly length: number;
}

interface Pool {
  readonly config: {
    readonly connectionLimit?: number;
    readonly connectionConfig: ConnectionConfig;
  };
  readonly _closed?: boolean;
  readonly _allConnections: Queue;
  readonly _freeConnections: Queue;
  readonly _connectionQueue: Queue;
}

function patchPool(prototype: object, { pools }: Calls): void {
  if (patchedPrototypes.has(prototype)) return;
  patchedPrototypes.add(prototype);
  bindArguments(prototype, "getConnection", (pool) => pools.watch(pool as Pool, stateOf));
}

function stateOf(pool: Pool): PoolState | undefined {
  if (pool._closed === true) return undefined;
  const { namespace, address, port } = addressOf(pool.config.connectionConfig);
  const idle = pool._freeConnections.length;
  return {
    name: `${address}${port === undefined ? "" : `:${port}`}/${namespace ?? ""}`,
    idle,
    used: pool._allConnections.length - idle,
    max: pool.config.connectionLimit ?? 0,
    pending: pool._connectionQueue.length,
  };
}

/** https://opentelemetry.io/docs/specs/semconv/database/mysql/: the error's number is its status code. */
function describeMysqlError(error: unknown): DatabaseFailure {
  const failure = describeError(error);
  const { errno, sqlState } = error as { readonly errno?: unknown; readonly sqlState?: unknown };
  if (typeof errno !== "number" || sqlState === undefined) return failure;
  return { ...failure, statusCode: String(errno) };
}
