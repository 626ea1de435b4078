import { type EventEmitter, errorMonitor } from "node:events";
import { now } from "../../../clock.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import {
  bindArguments,
  bindEvents,
  bindFunctions,
  bindToCaller,
} from "../../loading/caller-context.ts";
import { ConnectionPools } from "../../database-client/connection-pools.ts";
import { observeOpening } from "../../database-client/pool-times.ts";
import { CallTarget } from "../../database-client/call-target.ts";
import type { DatabaseCall } from "../../database-client/database-call.ts";
import { describeError, type DatabaseFailure } from "../../database-client/database-failure.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { SqlCalls } from "../../database-client/sql-calls.ts";
import { addressOf, type ConnectionConfig } from "./address.ts";
import { patchPool } from "./pools.ts";

/**
 * Traces `mysql2`: callbacks and promises, connections and pools, `query`,
 * `execute` and prepared statements, all of which use the methods of a connection.
 * As in upstream's instrumentation, each statement has a span, with or without a
 * parent. Unlike there, the span starts with the app's call even if the pool is
 * exhausted, and the text contains no values.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const calls = versions.getOrCreate(file, () => callsOf(file, deps));
    const isPool = file.file.endsWith("pool.js");
    const prototype = prototypeWith(isPool ? "getConnection" : "query", exports);
    if (patchedPrototypes.has(prototype)) return exports;
    patchedPrototypes.add(prototype);
    if (isPool) patchPool(prototype, calls.pools);
    else patchConnection(prototype, calls);
    return exports;
  },
};

/** Prototypes that are patched already: several files may lead to one class. */
const patchedPrototypes = new WeakSet();

interface Calls {
  readonly sql: SqlCalls;
  readonly pools: ConnectionPools;
}

const versions = new PerVersionCache<Calls>();

function callsOf({ version }: LoadedFile, deps: AdaptorDeps): Calls {
  const scope = { scope: "mysql2", version, needsParent: false, describe: describeMysqlError };
  return {
    sql: new SqlCalls(deps, "mysql", scope),
    pools: new ConnectionPools(deps.meterProvider.getMeter("mysql2", version), deps.viewerCalls),
  };
}

/**
 * Finds the prototype that defines a method: in some versions the exported class
 * inherits it from another class of the package.
 */
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

interface Connection {
  readonly config: ConnectionConfig;
  /** The command that is running. */
  readonly _command?: Command | undefined;
  /** Queued commands. */
  readonly _commands?: { toArray(): readonly Command[] };
  [TARGET]?: CallTarget;
}

/**
 * First argument of `query` and `execute` if it is no text; for `query` it may
 * also be a command.
 */
interface Statement {
  readonly sql?: unknown;
  readonly values?: unknown;
  onResult?: unknown;
}

/** A command that was sent. */
interface Command extends EventEmitter {
  readonly statement?: { readonly query?: unknown };
  readonly parameters?: unknown;
  onResult?: unknown;
  [CALL]?: DatabaseCall;
}

/** Key on a connection. */
const TARGET = Symbol("telltale.mysql2");
/** Key on a command. */
const CALL = Symbol("telltale.mysql2.call");

function patchConnection(prototype: object, calls: Calls): void {
  for (const name of ["query", "execute"]) {
    replaceMethod<Connection, unknown[]>(
      prototype,
      name,
      (original) =>
        function query(...args) {
          const sql = sqlTextOf(args[0]);
          if (sql === undefined) return Reflect.apply(original, this, args);
          const values = valuesOf(args);
          const call = calls.sql.start(targetOf(this), sql, hasValues(values), undefined, values);
          return observe(call, args, () => Reflect.apply(original, this, args));
        },
    );
  }
  patchPrepared(prototype, calls);
  patchClose(prototype);
  // These are no statements and have no span, but they are queued too.
  for (const name of ["ping", "changeUser", "end"]) bindArguments(prototype, name);
  patchConnect(prototype);
}

/** Measures how long a pool takes to open a connection. */
function patchConnect(prototype: object): void {
  replaceMethod<Connection, unknown[]>(
    prototype,
    "connect",
    (original) =>
      function connect(...args) {
        const all = bindFunctions(args);
        return observeOpening(all, () => Reflect.apply(original, this, all));
      },
  );
}

/** Ends the calls of a connection that the app destroys, whose callbacks never run. */
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

/** Whether a patched method of a connection is running, which traces the command that it sends. */
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

/** Ends a call without a callback, whose rows are events. */
function endOnEvents(call: DatabaseCall, command: Command): void {
  bindEvents(command);
  // A listener for "error" would hide an unhandled error from the app.
  command.once(errorMonitor, (error: unknown) => call.fail(error));
  command.once("end", () => call.succeed());
}

/** Traces `statement.execute`, which sends a command without the methods of the connection. */
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
          const { parameters } = command;
          const call = calls.sql.start(targetOf(this), sql, true, undefined, parameters);
          command[CALL] = call;
          if (!bindCallback(call, args)) endOnEvents(call, command);
        }
        return Reflect.apply(original, this, args);
      },
  );
}

/** Records a failed preparation. A successful one is part of the statement's first call. */
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

function valuesOf([first, second]: readonly unknown[]): unknown {
  return typeof second === "function" || second === undefined ? valuesIn(first) : second;
}

function hasValues(values: unknown): boolean {
  if (Array.isArray(values)) return values.length > 0;
  return values !== undefined && values !== null;
}

function valuesIn(first: unknown): unknown {
  if (typeof first !== "object" || first === null) return undefined;
  return (first as Statement).values;
}

/** Returns the current target, since `changeUser` may select another database. */
function targetOf(connection: Connection): CallTarget {
  const { config } = connection;
  const known = connection[TARGET];
  if (known !== undefined && known.attributes["db.namespace"] === config.database) return known;
  return (connection[TARGET] = new CallTarget({ system: "mysql", ...addressOf(config) }));
}

/**
 * Uses the error's number as status code:
 * https://opentelemetry.io/docs/specs/semconv/database/mysql/
 */
function describeMysqlError(error: unknown): DatabaseFailure {
  const failure = describeError(error);
  const { errno, sqlState } = error as { readonly errno?: unknown; readonly sqlState?: unknown };
  if (typeof errno !== "number" || sqlState === undefined) return failure;
  return { ...failure, statusCode: String(errno) };
}
