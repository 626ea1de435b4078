import type { Adaptor } from "../../loading/adaptor.ts";
import { patchBrute } from "./brute.ts";
import { watchClusterMasters } from "./cluster-masters.ts";
import { Rejections } from "./rejections.ts";

/**
 * Records what limiters of `rate-limiter-flexible` 5 to 11 reject. A call of the app has
 * one hit: limiters that another one calls (a union, a queue, one with an insurance)
 * leave it to the outer one, which may allow what an inner one rejects.
 */
export const adaptor: Adaptor = {
  patch(exports, { file }, deps) {
    const rejections = new Rejections(deps);
    switch (file) {
      case "lib/BurstyRateLimiter.js":
        rejections.patchBursty(prototypeOf(exports));
        return exports;
      case "lib/ExpressBruteFlexible.js":
        patchBrute(prototypeOf(exports), deps);
        return exports;
      case "lib/RateLimiterCluster.js": {
        const { RateLimiterCluster } = exports as { readonly RateLimiterCluster: unknown };
        rejections.patchLimiter(prototypeOf(RateLimiterCluster));
        return watchClusterMasters(exports as object);
      }
      case "lib/RateLimiterQueue.js":
        rejections.patchQueue(prototypeOf(exports));
        return exports;
      default:
        rejections.patchLimiter(prototypeOf(exports));
        return exports;
    }
  },
};

/** @throws TypeError if the value is no class */
function prototypeOf(value: unknown): object {
  return (value as { readonly prototype: object }).prototype;
}
