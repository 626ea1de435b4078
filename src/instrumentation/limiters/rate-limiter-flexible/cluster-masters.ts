import { replaceExports } from "../../loading/replace-method.ts";
import { addClusterMaster, type ClusterMaster } from "./inner-limiters.ts";

/**
 * Remembers each `RateLimiterClusterMaster` that is created. The primary of a cluster
 * limits for its workers, and they record the hits: they know the requests.
 */
export function watchClusterMasters(exports: object): object {
  const classes = exports as Readonly<Record<string, unknown>>;
  const watched: Record<string, unknown> = {};
  for (const name of ["RateLimiterClusterMaster", "RateLimiterClusterMasterPM2"]) {
    const original = classes[name];
    if (typeof original === "function") watched[name] = watching(original);
  }
  return replaceExports(exports, watched);
}

function watching(original: object): object {
  return new Proxy(original, {
    construct(target, args, newTarget) {
      const master = Reflect.construct(target as typeof Object, args, newTarget) as ClusterMaster;
      addClusterMaster(master);
      return master;
    },
  });
}
