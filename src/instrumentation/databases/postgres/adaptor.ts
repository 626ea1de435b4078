import type { Adaptor, AdaptorDeps, LoadedFile } from "../../loading/adaptor.ts";
import { bindArguments, bindFunctions } from "../../loading/caller-context.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";
import { ConnectionPools } from "../../database-client/connection-pools.ts";
import { CallTarget } from "../../database-client/call-target.ts";
import { watchQueues } from "./pools.ts";
import { type Query, QueryRecorder } from "./query-recorder.ts";

/**
 * Traces `postgres` (Postgres.js): one span per query from the first `then`,
 * `execute` or `forEach`, which runs it, until the server has finished, with or
 * without a parent, as `pg` has. Cursors and COPY have one span each. Fragments
 * and the queries that a connection sends on its own have none. Upstream has no
 * instrumentation for it.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const { recorder, pools } = versions.getOrCreate(file, () => observersOf(file, deps));
    if (file.file.endsWith("connection.js"))
      return withTarget(connectionFactory(exports), recorder, pools);
    patchQuery((exports as QueryFile).Query.prototype, recorder);
    return exports;
  },
};

interface Observers {
  readonly recorder: QueryRecorder;
  readonly pools: ConnectionPools;
}

const versions = new PerVersionCache<Observers>();

function observersOf({ version }: LoadedFile, deps: AdaptorDeps): Observers {
  return {
    recorder: new QueryRecorder(deps, version),
    pools: new ConnectionPools(deps.meterProvider.getMeter("postgres", version), deps.viewerCalls),
  };
}

interface QueryFile {
  readonly Query: { readonly prototype: object };
}

function patchQuery(prototype: object, recorder: QueryRecorder): void {
  replaceMethod<Query, []>(
    prototype,
    "handle",
    (original) =>
      function handle() {
        recorder.watch(this);
        return Reflect.apply(original, this, []);
      },
  );
  bindArguments(prototype, "forEach");
  replaceMethod<Query, unknown[]>(
    prototype,
    "cursor",
    (original) =>
      function cursor(...args) {
        const result = Reflect.apply(original, this, bindFunctions(args)) as Query | Batches;
        if (result !== this) watchBatches(this, result as Batches, recorder);
        return result;
      },
  );
}

/** Result of `query.cursor(rows)`. */
type Batches = AsyncIterable<unknown>;

/** Watches a query again after each `next()`, which replaces its `resolve` and `reject`. */
function watchBatches(query: Query, batches: Batches, recorder: QueryRecorder): void {
  replaceMethod<Batches, []>(
    batches,
    Symbol.asyncIterator,
    (iterate) =>
      function () {
        const iterator = Reflect.apply(iterate, this, []) as AsyncIterator<unknown>;
        replaceMethod<AsyncIterator<unknown>, []>(
          iterator,
          "next",
          (original) =>
            function next() {
              const batch = Reflect.apply(original, this, []);
              recorder.watchAgain(query);
              return batch;
            },
        );
        return iterator;
      },
  );
}

type ConnectionFactory = (this: unknown, options: Options, ...rest: unknown[]) => object;

/** Options of a client, with defaults. */
interface Options {
  readonly host: readonly string[];
  readonly port: readonly (number | string)[];
  /** Path of a socket. */
  readonly path?: string | false;
  readonly database?: string;
}

function connectionFactory(exports: unknown): ConnectionFactory {
  const factory =
    typeof exports === "function" ? exports : (exports as { readonly default: unknown }).default;
  if (typeof factory !== "function") throw new TypeError("there is no Connection()");
  return factory as ConnectionFactory;
}

/** Remembers the server of each query that reaches a connection, as queries do not know it. */
function withTarget(
  factory: ConnectionFactory,
  recorder: QueryRecorder,
  pools: ConnectionPools,
): ConnectionFactory {
  function Connection(this: unknown, options: Options, ...rest: unknown[]): object {
    const connection = Reflect.apply(factory, this, [options, ...rest]);
    watchQueues(pools, options, rest[0]);
    const target = targetOf(options);
    for (const name of ["connect", "execute"]) {
      replaceMethod<object, [Query]>(
        connection,
        name,
        (original) =>
          function (query) {
            recorder.setTarget(query, target);
            return Reflect.apply(original, this, [query]);
          },
      );
    }
    return connection;
  }
  return copyFunctionProperties(Connection, factory);
}

const targets = new WeakMap<Options, CallTarget>();

/** Returns the database of a client; with several hosts, which one is used is unknown. */
function targetOf(options: Options): CallTarget {
  const known = targets.get(options);
  if (known !== undefined) return known;
  const { host, port, path, database } = options;
  const isOne = host.length === 1;
  const target = new CallTarget({
    system: "postgresql",
    namespace: database,
    ...(path ? { address: path } : isOne && { address: host[0], port: Number(port[0]) }),
  });
  targets.set(options, target);
  return target;
}
