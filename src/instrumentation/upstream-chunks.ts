// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

/** The chunks of `upstream-table.ts`, for `chunks.ts`. */
export interface UpstreamChunkTypes {
  "upstream-aws-sdk": typeof import("./upstream/aws-sdk.ts");
  "upstream-cassandra-driver": typeof import("./upstream/cassandra-driver.ts");
  "upstream-cucumber": typeof import("./upstream/cucumber.ts");
  "upstream-dataloader": typeof import("./upstream/dataloader.ts");
  "upstream-dns": typeof import("./upstream/dns.ts");
  "upstream-fs": typeof import("./upstream/fs.ts");
  "upstream-generic-pool": typeof import("./upstream/generic-pool.ts");
  "upstream-lru-memoizer": typeof import("./upstream/lru-memoizer.ts");
  "upstream-memcached": typeof import("./upstream/memcached.ts");
  "upstream-net": typeof import("./upstream/net.ts");
  "upstream-openai": typeof import("./upstream/openai.ts");
  "upstream-oracledb": typeof import("./upstream/oracledb.ts");
  "upstream-tedious": typeof import("./upstream/tedious.ts");
}

export const upstreamChunks: Readonly<Record<keyof UpstreamChunkTypes, string>> = {
  "upstream-aws-sdk": "./instrumentation/upstream/aws-sdk.ts",
  "upstream-cassandra-driver": "./instrumentation/upstream/cassandra-driver.ts",
  "upstream-cucumber": "./instrumentation/upstream/cucumber.ts",
  "upstream-dataloader": "./instrumentation/upstream/dataloader.ts",
  "upstream-dns": "./instrumentation/upstream/dns.ts",
  "upstream-fs": "./instrumentation/upstream/fs.ts",
  "upstream-generic-pool": "./instrumentation/upstream/generic-pool.ts",
  "upstream-lru-memoizer": "./instrumentation/upstream/lru-memoizer.ts",
  "upstream-memcached": "./instrumentation/upstream/memcached.ts",
  "upstream-net": "./instrumentation/upstream/net.ts",
  "upstream-openai": "./instrumentation/upstream/openai.ts",
  "upstream-oracledb": "./instrumentation/upstream/oracledb.ts",
  "upstream-tedious": "./instrumentation/upstream/tedious.ts",
};
