import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const loadRedis = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/redis/adaptor.ts");
const loadRedisCallbacks = lazy<typeof import("./callback-adaptor.ts")>(
  "instrumentation/databases/redis/callback-adaptor.ts",
);

export const redisRows: readonly LibraryRow[] = [
  ...["@redis/client", "@node-redis/client"].map((name) => ({
    package: name,
    files: [
      "dist/lib/commander.js",
      "dist/lib/client/commands-queue.js",
      "dist/lib/client/index.js",
      "dist/lib/client/pool.js",
    ],
    versions: ">=1 <2 || >=5 <7",
    load: loadRedis,
    instrumentation: "redis",
  })),
  {
    package: "redis",
    files: ["index.js"],
    versions: ">=2.6 <4",
    load: loadRedisCallbacks,
    instrumentation: "redis",
  },
];
