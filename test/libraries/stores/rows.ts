import { type LibraryRow, variants } from "../row.ts";
import {
  callbackSteps,
  clusterSteps,
  ioredisSteps,
  nodeRedisSteps,
  redisPoolSteps,
} from "./expected-redis.ts";
import { mongodbSteps, mongooseSteps } from "./expected-mongodb.ts";
import {
  mappers,
  mapperSteps,
  mysql2Steps,
  mysql2StreamSteps,
  pgSteps,
  pgStreamSteps,
  postgresSteps,
  sqliteSteps,
} from "./expected-sql.ts";
import type { Step } from "./expected-call.ts";

export type StoreServerName =
  | "redis"
  | "redisCluster"
  | "postgres"
  | "mariadb"
  | "mongodb"
  | "none";

export type PoolTime = "create_time" | "wait_time" | "use_time" | "timeouts";

const ALL_TIMES: readonly PoolTime[] = ["create_time", "wait_time", "use_time", "timeouts"];

export interface StoreRow extends LibraryRow {
  /** File in `apps/`, without extension. */
  readonly program: string;
  readonly server: StoreServerName;
  readonly steps: readonly Step[];
  /**
   * Name of its only connection pool, after the server's address; undefined if it
   * has no pool metrics.
   */
  readonly pool?: string;
  /** The metrics of its state; default: all. */
  readonly poolMetrics?: readonly string[];
  /** The times that the pool records, and whether a step waits in vain for a connection. */
  readonly poolTimes?: readonly PoolTime[];
  /** Expected stderr of the program; default: none. */
  readonly stderr?: RegExp;
  /** Whether the program makes calls before its first step. */
  readonly prepares?: boolean;
  /** Node flags. */
  readonly flags?: readonly string[];
}

const COMMANDS = "client spans of commands, pipelines and transactions, duration metric";

const COMMANDS_AND_POOLS = `${COMMANDS}, pool metrics (5 and 6)`;

/** Commands of the oldest drivers share a connection; older ones report no creation. */
function mongodbTimes(installed: string): readonly PoolTime[] {
  if (installed === "mongodb33") return [];
  const isOld = installed === "mongodb3" || installed === "mongodb4";
  return isOld ? ["wait_time", "use_time"] : ["create_time", "wait_time", "use_time"];
}

const STATEMENTS = "client spans of statements, duration metric, pool metrics";

const NO_MONGODB =
  "tested against FerretDB, because MongoDB's own server is not available as a package";

export const rows: readonly StoreRow[] = [
  ...variants("ioredis", "ioredis5", "ioredis4", "ioredis2").map((variant): StoreRow => ({
    ...variant,
    library: "ioredis",
    supports: COMMANDS,
    program: "ioredis",
    server: "redis",
    steps: ioredisSteps(variant.installed),
  })),
  ...variants("redis", "redis5", "redis47", "redis4").map((variant): StoreRow => ({
    ...variant,
    library: "redis",
    supports: COMMANDS_AND_POOLS,
    program: "redis",
    server: "redis",
    ...(variant.installed.startsWith("redis4")
      ? { steps: nodeRedisSteps }
      : {
          steps: [...nodeRedisSteps, ...redisPoolSteps(variant.installed)],
          pool: "/0",
          poolTimes: ALL_TIMES,
        }),
  })),
  ...variants("redis3", "redis2").map((variant): StoreRow => ({
    ...variant,
    library: "redis",
    supports: COMMANDS,
    program: "redis-callbacks",
    server: "redis",
    steps: callbackSteps,
  })),
  ...["ioredis", "redis"].map((library): StoreRow => ({
    library,
    installed: library,
    moduleSystem: "esm",
    node: "24",
    supports: COMMANDS,
    program: "redis-cluster",
    server: "redisCluster",
    steps: clusterSteps,
    prepares: true,
  })),
  ...variants("mysql2", "mysql2-1").map((variant): StoreRow => ({
    ...variant,
    library: "mysql2",
    supports: STATEMENTS,
    program: "mysql2",
    server: "mariadb",
    // Streams of the oldest version have no iterator.
    steps: [...mysql2Steps, ...(variant.installed === "mysql2" ? mysql2StreamSteps : [])],
    pool: "/shop",
    poolTimes: ALL_TIMES,
  })),
  ...variants("mongodb", "mongodb6", "mongodb4", "mongodb3", "mongodb33").map(
    (variant): StoreRow => ({
      ...variant,
      library: "mongodb",
      supports: `client spans of commands, duration metric, pool metrics (${NO_MONGODB})`,
      program: "mongodb",
      server: "mongodb",
      steps: mongodbSteps(variant.installed),
      pool: "",
      poolTimes: mongodbTimes(variant.installed),
      // Deprecation warnings of Node that the driver causes.
      ...(variant.installed === "mongodb33" && { stderr: /^(?:\(node:\d+\) .*\n|\(Use .*\n)+$/ }),
    }),
  ),
  ...variants("mongoose", "mongoose6", "mongoose5").map((variant): StoreRow => ({
    ...variant,
    library: "mongoose",
    supports: `what its driver mongodb supports (${NO_MONGODB})`,
    program: "mongoose",
    server: "mongodb",
    steps: mongooseSteps(variant.installed),
    pool: "",
  })),
  ...variants("node:sqlite").map((variant): StoreRow => ({
    ...variant,
    library: "node:sqlite",
    supports: "client spans of statements, duration metric",
    program: "sqlite",
    server: "none",
    steps: sqliteSteps(variant),
    // Node's warning at the first use of the module.
    ...(variant.node === "22.15" && {
      stderr: /^\(node:\d+\) ExperimentalWarning: SQLite .*\n.*\n$/,
    }),
  })),
  ...variants("better-sqlite3").map((variant): StoreRow => ({
    ...variant,
    library: "better-sqlite3",
    supports: "client spans of statements, duration metric",
    program: "sqlite",
    server: "none",
    steps: sqliteSteps(variant),
  })),
  ...variants("pg", "pg8").map((variant): StoreRow => ({
    ...variant,
    library: "pg",
    supports: STATEMENTS,
    program: "pg",
    server: "postgres",
    steps: [...pgSteps, ...pgStreamSteps],
    pool: "/shop",
    poolTimes: ALL_TIMES,
    // Its own warning when its names are imported.
    ...(variant.installed === "pg8" &&
      variant.moduleSystem === "esm" && { stderr: /^Cannot find module 'pg-native'\n/ }),
  })),
  ...variants("postgres", "postgres3").map((variant): StoreRow => ({
    ...variant,
    library: "postgres",
    supports: "client spans of queries, duration metric, pool metrics (3.4)",
    program: "postgres",
    server: "postgres",
    steps: postgresSteps(variant.installed),
    ...(variant.installed === "postgres" && { pool: "/shop", poolMetrics: ["count", "max"] }),
  })),
  ...mapperRows("knex", "knex", "knex", "knex0"),
  ...mapperRows("sequelize", "sequelize", "sequelize", "sequelize5"),
  ...mapperRows("typeorm", "typeorm", "typeorm", "typeorm0"),
  ...mapperRows("drizzle-orm", "drizzle", "drizzle-orm"),
  ...mapperRows("@prisma/client", "prisma", "@prisma/client"),
];

/** Libraries over drivers, which support what the driver does. */
function mapperRows(
  library: string,
  program: string,
  ...installed: readonly string[]
): readonly StoreRow[] {
  // Node 24 runs the drivers only.
  const few = variants(...installed).filter(({ node }) => node !== "24");
  return few.map((variant) => ({
    ...variant,
    library,
    supports: "what its driver supports (tested over pg)",
    program,
    server: "postgres",
    steps: mapperSteps(mappers[program]?.(variant.installed) ?? raise(program)),
    prepares: true,
  }));
}

function raise(program: string): never {
  throw new Error(`no statements of ${program} are known`);
}
