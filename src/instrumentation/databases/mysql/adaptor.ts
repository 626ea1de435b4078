import { EventEmitter, errorMonitor } from "node:events";
import { MySQLInstrumentation } from "@opentelemetry/instrumentation-mysql";
import type { Adaptor } from "../../loading/adaptor.ts";
import { bindArguments, bindEvents, bindToCaller } from "../../loading/caller-context.ts";
import { withSanitizedSql } from "../../upstream/sanitize-sql.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";

/**
 * Traces `mysql` by upstream's instrumentation. In addition, callbacks of
 * operations that are queued in a pool or on a connection run in their caller's
 * context, and queries through a namespace of a cluster have spans.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const { prototype } = exports as { readonly prototype: object };
    if (file.file === POOL) bindArguments(prototype, "getConnection");
    else if (file.file === PROTOCOL) bindSequences(prototype);
    else if (file.file === CLUSTER) traceNamespaces(prototype);
    else return upstream.patch(exports, file, deps);
    return exports;
  },
};

const POOL = "lib/Pool.js";
const PROTOCOL = "lib/protocol/Protocol.js";
const CLUSTER = "lib/PoolCluster.js";

/** Private methods of upstream's instrumentation, once it exists. */
const upstreamState: { internals?: MysqlInternals } = {};

const upstream = upstreamAdaptor((options, { viewerCalls }) => {
  const instrumentation = new MySQLInstrumentation(options);
  const internals = instrumentation as unknown as MysqlInternals;
  upstreamState.internals = internals;
  preserveErrorEvents(internals);
  preserveThis(internals);
  return withSanitizedSql(instrumentation, options, viewerCalls);
});

/** Private members of upstream's class; the tests fail if they change. */
interface MysqlInternals {
  /** Wraps the callback that receives a connection, to trace its queries. */
  _getConnectionCallbackPatchFn(callback: unknown): unknown;
  _patchQuery(connection: unknown): (original: Method) => Method;
  _patchCallbackQuery(...of: readonly unknown[]): (callback: Method) => Method;
}

/**
 * Turns upstream's error listener on a query without a callback into a monitor.
 * With a listener, `mysql` considers the error handled and does not emit it on the
 * connection.
 */
function preserveErrorEvents(instrumentation: MysqlInternals): void {
  const patch = instrumentation._patchQuery.bind(instrumentation);
  instrumentation._patchQuery = (connection) => {
    const wrap = patch(connection);
    return (original) => {
      let before: readonly unknown[] = [];
      const traced = wrap(function (...args) {
        const query = Reflect.apply(original, this, args);
        before = query instanceof EventEmitter ? query.listeners("error") : [];
        return query;
      });
      return function query(...args) {
        const query = Reflect.apply(traced, this, args);
        if (!(query instanceof EventEmitter)) return query;
        for (const listener of query.listeners("error")) {
          if (before.includes(listener)) continue;
          query.off("error", listener as Listener).on(errorMonitor, listener as Listener);
        }
        for (const name of BOUND_METHODS) Reflect.deleteProperty(query, name);
        return query;
      };
    };
  };
}

/**
 * Methods that upstream lets the API define on a query to bind its listeners,
 * which an app sees when it enumerates the query. `bindSequences` binds them
 * already. They are deleted in reverse order, so that the object keeps its hidden
 * class.
 */
const BOUND_METHODS = [
  "addListener",
  "on",
  "once",
  "prependListener",
  "prependOnceListener",
  "removeListener",
  "off",
  "removeAllListeners",
].toReversed();

/** Preserves `this` of a callback, the query, which upstream drops. */
function preserveThis(instrumentation: MysqlInternals): void {
  const patch = instrumentation._patchCallbackQuery.bind(instrumentation);
  instrumentation._patchCallbackQuery = (...of) => {
    const wrap = patch(...of);
    return (callback) =>
      function (...args) {
        const traced = wrap((...callbackArgs) => Reflect.apply(callback, this, callbackArgs));
        return Reflect.apply(traced, undefined, args);
      };
  };
}

type Listener = (...args: unknown[]) => void;

/** Traces `cluster.of()`: upstream traces the connections of pools and clusters only. */
function traceNamespaces(prototype: object): void {
  replaceMethod<object, unknown[]>(
    prototype,
    "_getConnection",
    (original) =>
      function _getConnection(node, callback, ...rest) {
        const traced = upstreamState.internals?._getConnectionCallbackPatchFn(callback) ?? callback;
        return Reflect.apply(original, this, [node, traced, ...rest]);
      },
  );
}

/** A query, a ping, a change of the user: operations that a connection runs one after the other. */
interface Sequence {
  _callback?: unknown;
}

function bindSequences(prototype: object): void {
  replaceMethod<object, [Sequence, ...unknown[]]>(
    prototype,
    "_enqueue",
    (original) =>
      function _enqueue(...args) {
        const [sequence] = args;
        bindEvents(sequence);
        sequence._callback = bindToCaller(sequence._callback);
        return Reflect.apply(original, this, args);
      },
  );
}
