import { MySQLInstrumentation } from "@opentelemetry/instrumentation-mysql";
import type { Adaptor } from "./adaptor.ts";
import { bindArguments, bindEvents, bindToCaller } from "./caller-context.ts";
import { withoutLiterals } from "./clean-sql.ts";
import { replaceMethod } from "./method.ts";
import { upstreamAdaptor } from "./upstream.ts";

/**
 * `mysql` by upstream's instrumentation. Around it: whatever waits in a pool or
 * on a connection calls back in its caller's context, and what a namespace of a
 * cluster asks has spans, too.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const { prototype } = exports as { readonly prototype: object };
    if (file.file === POOL) bindArguments(prototype, "getConnection");
    else if (file.file === PROTOCOL) bindSequences(prototype);
    else if (file.file === CLUSTER) traceNamespaces(prototype);
    else return upstream.patch(exports, file, services);
    return exports;
  },
};

const POOL = "lib/Pool.js";
const PROTOCOL = "lib/protocol/Protocol.js";
const CLUSTER = "lib/PoolCluster.js";

let internals: Internals | undefined;

const upstream = upstreamAdaptor((options) => {
  const instrumentation = new MySQLInstrumentation(options);
  internals = instrumentation as unknown as Internals;
  return withoutLiterals(instrumentation, options);
});

/** Private in upstream's types; the tests notice when they are gone. */
interface Internals {
  /** Around the callback that gets a connection: its `query` is then traced. */
  _getConnectionCallbackPatchFn(callback: unknown): unknown;
}

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
