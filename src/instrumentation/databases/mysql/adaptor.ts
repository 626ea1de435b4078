import { EventEmitter, errorMonitor } from "node:events";
import { MySQLInstrumentation } from "@opentelemetry/instrumentation-mysql";
import type { Adaptor } from "../../loading/adaptor.ts";
import { bindArguments, bindEvents, bindToCaller } from "../../loading/caller-context.ts";
import { withSanitizedSql } from "../../upstream/sanitize-sql.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";

/**
 * `mysql` by upstream's instrumentation. Around it: whatever waits in a pool or
 * on a connection calls back in its caller's context, and what a namespace of a
 * cluster asks has spans, too.
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

let internals: MysqlInternals | undefined;

const upstream = upstreamAdaptor((options) => {
  const instrumentation = new MySQLInstrumentation(options);
  internals = instrumentation as unknown as MysqlInternals;
  preserveErrorEvents(internals);
  preserveThis(internals);
  return withSanitizedSql(instrumentation, options);
});

/** Private in upstream's types; the tests notice when they are gone. */
interface MysqlInternals {
  /** Around the callback that gets a connection: its `query` is then traced. */
  _getConnectionCallbackPatchFn(callback: unknown): unknown;
  _patchQuery(connection: unknown): (original: Method) => Method;
  _patchCallbackQuery(...of: readonly unknown[]): (callback: Method) => Method;
}

/**
 * Upstream listens to the errors of a query without a callback. For `mysql`
 * somebody has heard of them then, and its connection no longer emits them.
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
        const created = Reflect.apply(traced, this, args);
        if (!(created instanceof EventEmitter)) return created;
        for (const listener of created.listeners("error")) {
          if (before.includes(listener)) continue;
          created.off("error", listener as Listener).on(errorMonitor, listener as Listener);
        }
        for (const name of BOUND_METHODS) Reflect.deleteProperty(created, name);
        return created;
      };
    };
  };
}

/**
 * Upstream lets the API bind a query's listeners, by methods of its own that a loop
 * shows. `bindSequences` has done it. The last that was added goes first: the
 * object keeps its shape.
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

/** Upstream calls callbacks without their `this`, which is the query. */
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

/** Upstream knows the connections of a pool and of a cluster, not those of `cluster.of()`. */
function traceNamespaces(prototype: object): void {
  replaceMethod<object, unknown[]>(
    prototype,
    "_getConnection",
    (original) =>
      function _getConnection(node, callback, ...rest) {
        const traced = internals?._getConnectionCallbackPatchFn(callback) ?? callback;
        return Reflect.apply(original, this, [node, traced, ...rest]);
      },
  );
}

/** A query, a ping, a change of the user: what a connection does, one after the other. */
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
