import { GenericPoolInstrumentation } from "@opentelemetry/instrumentation-generic-pool";
import { ConnectionPools } from "../../database-client/connection-pools.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";
import { type PoolClass, patchPool } from "./pools.ts";

/**
 * Traces `generic-pool` by upstream's instrumentation, which does not bind the
 * callback of `acquire`, and observes the pools of version 3.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const patched = spans.patch(exports, file, deps);
    const { Pool } = patched as { readonly Pool?: PoolClass };
    if (file.version.startsWith("3.") && Pool !== undefined) {
      const meter = deps.meterProvider.getMeter("generic-pool", file.version);
      patchPool(Pool.prototype, new ConnectionPools(meter, deps.viewerCalls));
    }
    return patched;
  },
};

const spans = upstreamAdaptor((options) => new GenericPoolInstrumentation(options), ["acquire"]);
