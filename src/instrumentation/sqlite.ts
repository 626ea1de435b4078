import { basename } from "node:path";
import { now } from "../clock.ts";
import type { Adaptor, LoadedFile, Services } from "./adaptor.ts";
import { ByVersion } from "./by-version.ts";
import { CallTarget, type DatabaseCall, describeError, type Failure } from "./database-call.ts";
import { disguise, replaceMethod } from "./method.ts";
import { SqlCalls } from "./sql-calls.ts";

/**
 * `node:sqlite` and `better-sqlite3`: one span per statement that runs, inside
 * of another span only, as they are many and short. Upstream has nothing for
 * them. What Node's tag store runs is not seen: it has no methods.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const calls = versions.of(file, () => callsOf(file, services));
    if (file.package === "better-sqlite3") patchBetter(exports as Better, calls);
    else patchNodes(exports as Nodes, calls);
    return exports;
  },
};

const versions = new ByVersion<SqlCalls>();

function callsOf({ package: name, version }: LoadedFile, services: Services): SqlCalls {
  const scope = name === "better-sqlite3" ? name : "node:sqlite";
  const options = { scope, version, needsParent: true, describe: describeSqliteError };
  return new SqlCalls(services, "sqlite", options);
}

/** What a statement is of; both libraries tell it differently. */
interface Origin {
  readonly database: object;
  readonly sql: string;
}

interface Nodes {
  readonly DatabaseSync: { readonly prototype: object };
  readonly StatementSync: { readonly prototype: object };
}

interface NodesDatabase {
  /** From Node 22.16 on; null: in memory. */
  location?(): string | null;
}

function patchNodes({ DatabaseSync, StatementSync }: Nodes, calls: SqlCalls): void {
  const origins = new WeakMap<object, Origin>();
  replaceMethod<object, [string]>(
    DatabaseSync.prototype,
    "prepare",
    (original) =>
      function prepare(...args) {
        const statement = preparing(calls, this, nameOfNodes, args[0], () =>
          Reflect.apply(original, this, args),
        );
        origins.set(statement, { database: this, sql: args[0] });
        return statement;
      },
  );
  const originOf = (statement: object): Origin | undefined => origins.get(statement);
  patchExec(DatabaseSync.prototype, calls, nameOfNodes);
  patchStatement(StatementSync.prototype, calls, originOf, nameOfNodes);
}

function nameOfNodes(database: NodesDatabase): string | null | undefined {
  try {
    return database.location?.();
  } catch {
    // It is closed, which the app is to hear from what it called.
    return undefined;
  }
}

interface Better {
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

/** The class of its statements is the addon's, and seen at the first of them. */
function patchBetter({ prototype }: Better, calls: SqlCalls): void {
  const patched = new WeakSet<object>();
  replaceMethod<object, unknown[]>(
    prototype,
    "prepare",
    (original) =>
      function prepare(...args) {
        const statement = preparing(calls, this, nameOfBetter, args[0], () =>
          Reflect.apply(original, this, args),
        );
        const statements = Object.getPrototypeOf(statement) as object;
        if (!patched.has(statements)) {
          patched.add(statements);
          patchStatement(statements, calls, originOfBetter, nameOfBetter);
        }
        return statement;
      },
  );
  patchExec(prototype, calls, nameOfBetter);
}

function originOfBetter(statement: object): Origin {
  const { source, database } = statement as BetterStatement;
  return { sql: source, database };
}

function nameOfBetter(database: object): string | null {
  const { name, memory } = database as BetterDatabase;
  return memory ? null : name;
}

/** The database's file; null: it is in memory; undefined: nobody knows. */
type NameOf = (database: object) => string | null | undefined;

const targets = new WeakMap<object, CallTarget>();

function targetOf(database: object, nameOf: NameOf): CallTarget {
  const known = targets.get(database);
  if (known !== undefined) return known;
  const name = nameOf(database);
  const namespace = name === null ? ":memory:" : name && basename(name);
  const target = new CallTarget({ system: "sqlite", namespace });
  targets.set(database, target);
  return target;
}

/** Most of what is wrong with a statement is known already then; there is no call otherwise. */
function preparing(
  calls: SqlCalls,
  database: object,
  nameOf: NameOf,
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

function patchExec(prototype: object, calls: SqlCalls, nameOf: NameOf): void {
  replaceMethod<object, [string]>(
    prototype,
    "exec",
    (original) =>
      function exec(...args) {
        const work = (): unknown => Reflect.apply(original, this, args);
        if (typeof args[0] !== "string") return work();
        return during(calls.start(targetOf(this, nameOf), args[0], false), work);
      },
  );
}

function patchStatement(
  prototype: object,
  calls: SqlCalls,
  originOf: (statement: object) => Origin | undefined,
  nameOf: NameOf,
): void {
  const start = (statement: object, values: readonly unknown[]): DatabaseCall | undefined => {
    const origin = originOf(statement);
    if (origin === undefined) return undefined;
    const target = targetOf(origin.database, nameOf);
    return calls.start(target, origin.sql, values.length > 0);
  };
  for (const name of ["run", "get", "all"]) {
    replaceMethod<object, unknown[]>(
      prototype,
      name,
      (original) =>
        function ask(...args) {
          const call = start(this, args);
          return during(call, () => Reflect.apply(original, this, args));
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
          if (call !== undefined) endWith(call, rows);
          return rows;
        } catch (error) {
          call?.fail(error);
          throw error;
        }
      },
  );
}

function during<T>(call: DatabaseCall | undefined, work: () => T): T {
  try {
    const result = work();
    call?.succeed();
    return result;
  } catch (error) {
    call?.fail(error);
    throw error;
  }
}

type Rows = Iterator<unknown> & { return(value?: unknown): IteratorResult<unknown> };

/**
 * Rows are read as they are asked for: the last one is the end, or that no more
 * is asked for. Who just drops them tells nobody, but for the garbage collector.
 */
function endWith(call: DatabaseCall, rows: Rows): void {
  const { next } = rows;
  const giveUp = rows.return;
  define(rows, "next", next, function (this: Rows) {
    try {
      const result = next.call(this);
      if (result.done === true) call.succeed();
      return result;
    } catch (error) {
      call.fail(error);
      throw error;
    }
  });
  define(rows, "return", giveUp, function (this: Rows, ...args: [unknown?]) {
    call.succeed();
    return giveUp.apply(this, args);
  });
  dropped.register(rows, call);
}

const dropped = new FinalizationRegistry<DatabaseCall>((call) => call.succeed());

function define<Args extends never[]>(
  rows: Rows,
  name: string,
  original: (...args: Args) => unknown,
  replacement: (...args: Args) => unknown,
): void {
  const value = disguise(replacement, original);
  Object.defineProperty(rows, name, { configurable: true, writable: true, value });
}

/** https://www.sqlite.org/rescode.html: as a number from Node, by its name from the other. */
function describeSqliteError(error: unknown): Failure {
  const failure = describeError(error);
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === "number") {
    return { ...failure, type: String(errcode), statusCode: String(errcode) };
  }
  const isItsOwn = typeof code === "string" && code.startsWith("SQLITE_");
  return isItsOwn ? { ...failure, statusCode: code } : failure;
}
