import { basename } from "node:path";
import { now } from "../../../clock.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { CallTarget } from "../../database-client/call-target.ts";
import type { DatabaseCall } from "../../database-client/database-call.ts";
import { describeError, type DatabaseFailure } from "../../database-client/database-failure.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";
import { SqlCalls } from "../../database-client/sql-calls.ts";

/**
 * Traces `node:sqlite` and `better-sqlite3`: one span per statement, only below a
 * parent span, because statements are many and short. Upstream has no
 * instrumentation for them. Statements of Node's tag store are not traced, because
 * it has no methods to patch.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const calls = versions.getOrCreate(file, () => callsOf(file, deps));
    if (file.package === "better-sqlite3") patchBetterSqlite(exports as BetterSqlite, calls);
    else patchNodeSqlite(exports as NodeSqlite, calls);
    return exports;
  },
};

const versions = new PerVersionCache<SqlCalls>();

function callsOf({ package: name, version }: LoadedFile, deps: AdaptorDeps): SqlCalls {
  const scope = name === "better-sqlite3" ? name : "node:sqlite";
  const options = { scope, version, needsParent: true, describe: describeSqliteError };
  return new SqlCalls(deps, "sqlite", options);
}

/** Database and text of a statement, which the libraries store in different ways. */
interface StatementSource {
  readonly database: object;
  readonly sql: string;
}

interface NodeSqlite {
  readonly DatabaseSync: { readonly prototype: object };
  readonly StatementSync: { readonly prototype: object };
}

interface NodeSqliteDatabase {
  /** Available from Node 22.16 on; null for an in-memory database. */
  location?(): string | null;
}

function patchNodeSqlite({ DatabaseSync, StatementSync }: NodeSqlite, calls: SqlCalls): void {
  const sources = new WeakMap<object, StatementSource>();
  replaceMethod<object, [string]>(
    DatabaseSync.prototype,
    "prepare",
    (original) =>
      function prepare(...args) {
        const statement = observePrepare(calls, this, nodeDatabaseName, args[0], () =>
          Reflect.apply(original, this, args),
        );
        sources.set(statement, { database: this, sql: args[0] });
        return statement;
      },
  );
  const sourceOf = (statement: object): StatementSource | undefined => sources.get(statement);
  patchExec(DatabaseSync.prototype, calls, nodeDatabaseName);
  patchStatement(StatementSync.prototype, calls, sourceOf, nodeDatabaseName);
}

function nodeDatabaseName(database: NodeSqliteDatabase): string | null | undefined {
  try {
    return database.location?.();
  } catch {
    // The database is closed; the app receives the error from its own call.
    return undefined;
  }
}

interface BetterSqlite {
  readonly prototype: object;
}

interface BetterStatement {
  readonly source: string;
  readonly database: BetterDatabase;
}

interface BetterDatabase {
  readonly name: string;
  readonly memory: boolean;
}

/**
 * Patches the statements at the first of them, because their class is the addon's
 * and not exported.
 */
function patchBetterSqlite({ prototype }: BetterSqlite, calls: SqlCalls): void {
  const patched = new WeakSet<object>();
  replaceMethod<object, unknown[]>(
    prototype,
    "prepare",
    (original) =>
      function prepare(...args) {
        const statement = observePrepare(calls, this, betterDatabaseName, args[0], () =>
          Reflect.apply(original, this, args),
        );
        const statements = Object.getPrototypeOf(statement) as object;
        if (!patched.has(statements)) {
          patched.add(statements);
          patchStatement(statements, calls, betterStatementSource, betterDatabaseName);
        }
        return statement;
      },
  );
  patchExec(prototype, calls, betterDatabaseName);
}

function betterStatementSource(statement: object): StatementSource {
  const { source, database } = statement as BetterStatement;
  return { sql: source, database };
}

function betterDatabaseName(database: object): string | null {
  const { name, memory } = database as BetterDatabase;
  return memory ? null : name;
}

/** Returns the database's file; null for an in-memory database, undefined if it is unknown. */
type DatabaseNameOf = (database: object) => string | null | undefined;

const targets = new WeakMap<object, CallTarget>();

function targetOf(database: object, nameOf: DatabaseNameOf): CallTarget {
  const known = targets.get(database);
  if (known !== undefined) return known;
  const name = nameOf(database);
  const namespace = name === null ? ":memory:" : name && basename(name);
  const target = new CallTarget({ system: "sqlite", namespace });
  targets.set(database, target);
  return target;
}

/**
 * Records a failed preparation, which finds most errors in a statement. A
 * successful one is no call.
 */
function observePrepare(
  calls: SqlCalls,
  database: object,
  nameOf: DatabaseNameOf,
  sql: unknown,
  prepare: () => unknown,
): object {
  const startedAt = now();
  try {
    return prepare() as object;
  } catch (error) {
    if (typeof sql === "string") {
      calls.start(targetOf(database, nameOf), sql, false, startedAt).fail(error);
    }
    throw error;
  }
}

function patchExec(prototype: object, calls: SqlCalls, nameOf: DatabaseNameOf): void {
  replaceMethod<object, [string]>(
    prototype,
    "exec",
    (original) =>
      function exec(...args) {
        const work = (): unknown => Reflect.apply(original, this, args);
        if (typeof args[0] !== "string") return work();
        return observeCall(calls.start(targetOf(this, nameOf), args[0], false), work);
      },
  );
}

function patchStatement(
  prototype: object,
  calls: SqlCalls,
  sourceOf: (statement: object) => StatementSource | undefined,
  nameOf: DatabaseNameOf,
): void {
  const start = (statement: object, values: readonly unknown[]): DatabaseCall | undefined => {
    const source = sourceOf(statement);
    if (source === undefined) return undefined;
    const target = targetOf(source.database, nameOf);
    return calls.start(target, source.sql, values.length > 0, undefined, values);
  };
  for (const name of ["run", "get", "all"]) {
    replaceMethod<object, unknown[]>(
      prototype,
      name,
      (original) =>
        function execute(...args) {
          const call = start(this, args);
          return observeCall(call, () => Reflect.apply(original, this, args));
        },
    );
  }
  replaceMethod<object, unknown[]>(
    prototype,
    "iterate",
    (original) =>
      function iterate(...args) {
        const call = start(this, args);
        try {
          const rows = Reflect.apply(original, this, args) as Rows;
          if (call !== undefined) endWithRows(call, rows);
          return rows;
        } catch (error) {
          call?.fail(error);
          throw error;
        }
      },
  );
}

function observeCall<T>(call: DatabaseCall | undefined, work: () => T): T {
  try {
    const result = work();
    call?.succeed(result);
    return result;
  } catch (error) {
    call?.fail(error);
    throw error;
  }
}

type Rows = Iterator<unknown> & { return(value?: unknown): IteratorResult<unknown> };

/**
 * Rows are read on demand. The call ends with the last row or with `return()`. An
 * iterator that the app drops ends it when it is garbage-collected.
 */
function endWithRows(call: DatabaseCall, rows: Rows): void {
  const { next } = rows;
  const originalReturn = rows.return;
  defineMethod(rows, "next", next, function (this: Rows) {
    try {
      const result = next.call(this);
      if (result.done === true) call.succeed();
      return result;
    } catch (error) {
      call.fail(error);
      throw error;
    }
  });
  defineMethod(rows, "return", originalReturn, function (this: Rows, ...args: [unknown?]) {
    call.succeed();
    return originalReturn.apply(this, args);
  });
  abandonedRows.register(rows, call);
}

const abandonedRows = new FinalizationRegistry<DatabaseCall>((call) => call.succeed());

function defineMethod<Args extends never[]>(
  rows: Rows,
  name: string,
  original: (...args: Args) => unknown,
  replacement: (...args: Args) => unknown,
): void {
  const value = copyFunctionProperties(replacement, original);
  Object.defineProperty(rows, name, { configurable: true, writable: true, value });
}

/**
 * Result codes (https://www.sqlite.org/rescode.html): a number in Node, a name in
 * better-sqlite3.
 */
function describeSqliteError(error: unknown): DatabaseFailure {
  const failure = describeError(error);
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === "number") {
    return { ...failure, type: String(errcode), statusCode: String(errcode) };
  }
  const isSqliteCode = typeof code === "string" && code.startsWith("SQLITE_");
  return isSqliteCode ? { ...failure, statusCode: code } : failure;
}
