import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/limiters/rate-limiter-flexible/adaptor.ts",
);

export const rateLimiterFlexibleRows: readonly LibraryRow[] = [
  {
    package: "rate-limiter-flexible",
    // Each class has a file, which the documentation imports by itself too.
    files: [
      "lib/BurstyRateLimiter.js",
      "lib/ExpressBruteFlexible.js",
      "lib/RLWrapperBlackAndWhite.js",
      "lib/RateLimiterCluster.js",
      "lib/RateLimiterInsuredAbstract.js",
      "lib/RateLimiterMemory.js",
      "lib/RateLimiterQueue.js",
      "lib/RateLimiterStoreAbstract.js",
      "lib/RateLimiterUnion.js",
    ],
    versions: ">=5 <12",
    load,
    instrumentation: "rate-limiter-flexible",
  },
];
