// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const loadAwsSdk = lazy<typeof import("./aws-sdk.ts")>(
  "instrumentation/upstream/generated/aws-sdk.ts",
);
const loadCassandraDriver = lazy<typeof import("./cassandra-driver.ts")>(
  "instrumentation/upstream/generated/cassandra-driver.ts",
);
const loadCucumber = lazy<typeof import("./cucumber.ts")>(
  "instrumentation/upstream/generated/cucumber.ts",
);
const loadDataloader = lazy<typeof import("./dataloader.ts")>(
  "instrumentation/upstream/generated/dataloader.ts",
);
const loadDns = lazy<typeof import("./dns.ts")>("instrumentation/upstream/generated/dns.ts");
const loadFs = lazy<typeof import("./fs.ts")>("instrumentation/upstream/generated/fs.ts");
const loadGenericPool = lazy<typeof import("./generic-pool.ts")>(
  "instrumentation/upstream/generated/generic-pool.ts",
);
const loadLruMemoizer = lazy<typeof import("./lru-memoizer.ts")>(
  "instrumentation/upstream/generated/lru-memoizer.ts",
);
const loadMemcached = lazy<typeof import("./memcached.ts")>(
  "instrumentation/upstream/generated/memcached.ts",
);
const loadNet = lazy<typeof import("./net.ts")>("instrumentation/upstream/generated/net.ts");
const loadOpenai = lazy<typeof import("./openai.ts")>(
  "instrumentation/upstream/generated/openai.ts",
);
const loadOracledb = lazy<typeof import("./oracledb.ts")>(
  "instrumentation/upstream/generated/oracledb.ts",
);
const loadTedious = lazy<typeof import("./tedious.ts")>(
  "instrumentation/upstream/generated/tedious.ts",
);

/** What upstream's instrumentations patch, those that are taken over as they are. */
export const upstreamRows: readonly LibraryRow[] = [
  {
    package: "@aws-sdk/middleware-stack",
    files: ["dist/cjs/MiddlewareStack.js", "dist-cjs/MiddlewareStack.js"],
    versions: ">=3.1.0 <3.35.0 || >=3.35.0",
    instrumentation: "aws-sdk",
    load: loadAwsSdk,
  },
  {
    package: "@smithy/middleware-stack",
    files: ["."],
    versions: ">=2.0.0",
    instrumentation: "aws-sdk",
    load: loadAwsSdk,
  },
  {
    package: "@smithy/core",
    files: ["dist-cjs/submodules/client/index.js"],
    versions: ">=3.24.0",
    instrumentation: "aws-sdk",
    load: loadAwsSdk,
  },
  {
    package: "@aws-sdk/smithy-client",
    files: ["."],
    versions: "^3.1.0",
    instrumentation: "aws-sdk",
    load: loadAwsSdk,
  },
  {
    package: "@smithy/smithy-client",
    files: ["."],
    versions: ">=1.0.3",
    instrumentation: "aws-sdk",
    load: loadAwsSdk,
  },
  {
    package: "cassandra-driver",
    files: [".", "lib/request-execution.js"],
    versions: ">=4.4.0 <5",
    instrumentation: "cassandra-driver",
    load: loadCassandraDriver,
  },
  {
    package: "@cucumber/cucumber",
    files: [".", "lib/runtime/test_case_runner.js"],
    versions: ">=8.0.0 <13",
    instrumentation: "cucumber",
    load: loadCucumber,
  },
  {
    package: "dataloader",
    files: ["."],
    versions: ">=2.0.0 <3",
    instrumentation: "dataloader",
    load: loadDataloader,
  },
  { package: "node:dns", files: [], versions: "*", instrumentation: "dns", load: loadDns },
  { package: "node:dns/promises", files: [], versions: "*", instrumentation: "dns", load: loadDns },
  { package: "node:fs", files: [], versions: "*", instrumentation: "fs", load: loadFs },
  { package: "node:fs/promises", files: [], versions: "*", instrumentation: "fs", load: loadFs },
  {
    package: "generic-pool",
    files: ["."],
    versions: ">=3.0.0 <4 || >=2.4.0 <3 || >=2.0.0 <2.4",
    instrumentation: "generic-pool",
    load: loadGenericPool,
  },
  {
    package: "lru-memoizer",
    files: ["."],
    versions: ">=1.3 <4",
    instrumentation: "lru-memoizer",
    load: loadLruMemoizer,
  },
  {
    package: "memcached",
    files: ["."],
    versions: ">=2.2.0 <3",
    instrumentation: "memcached",
    load: loadMemcached,
  },
  { package: "node:net", files: [], versions: "*", instrumentation: "net", load: loadNet },
  {
    package: "openai",
    files: [".", "import ."],
    versions: ">=4.19.0 <7",
    instrumentation: "openai",
    load: loadOpenai,
  },
  {
    package: "oracledb",
    files: ["."],
    versions: ">= 6.7 < 8",
    instrumentation: "oracledb",
    load: loadOracledb,
  },
  {
    package: "tedious",
    files: ["."],
    versions: ">=1.11.0 <21",
    instrumentation: "tedious",
    load: loadTedious,
  },
];
