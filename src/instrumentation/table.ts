import { lazy } from "../lazy.ts";
import type { Adaptor } from "./adaptor.ts";

/** Loads a module that exports an adaptor under the name `adaptor`. */
export type LoadAdaptor = () => { readonly adaptor: Adaptor };

/** Which files of which package bring which adaptor. */
export interface Row {
  /** The `name` in the library's package.json; `node:dns` for a module of Node's. */
  readonly package: string;
  /**
   * The files to patch, CommonJS and ES modules alike, relative to the
   * package's directory, with `/` and extension. `MAIN` is whatever file
   * `require(package)` gives, `ES_MAIN` what `import "package"` gives; where
   * that only wraps the other one, `MAIN` is enough. A module of Node's has none.
   */
  readonly files: readonly string[];
  /**
   * Exports of its ES modules that the adaptor assigns though they are
   * constants, or `default` without a name: `export default …;`.
   */
  readonly replaces?: readonly string[];
  /** The versions that the adaptor knows, as a semver range (`>=8.0.3 <9`). */
  readonly versions: string;
  /** Loads the adaptor when the first of the files is loaded. */
  readonly load: LoadAdaptor;
  /** The short name in `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `_DISABLED_`. */
  readonly instrumentation: string;
}

/** Stands in `Row.files` for the file that `require(package)` gives. */
export const MAIN = ".";
/** Stands in `Row.files` for the file that `import "package"` gives. */
export const ES_MAIN = "import .";

const honoRouters = [
  "linear-router",
  "pattern-router",
  "reg-exp-router",
  "smart-router",
  "trie-router",
];

const loadExpress = lazy<typeof import("./express.ts")>("instrumentation/express.ts");
const loadFastify = lazy<typeof import("./fastify.ts")>("instrumentation/fastify.ts");
const loadKoa = lazy<typeof import("./koa.ts")>("instrumentation/koa.ts");
const loadHapi = lazy<typeof import("./hapi.ts")>("instrumentation/hapi.ts");
const loadConnect = lazy<typeof import("./connect.ts")>("instrumentation/connect.ts");
const loadRestify = lazy<typeof import("./restify.ts")>("instrumentation/restify.ts");
const loadNest = lazy<typeof import("./nest.ts")>("instrumentation/nest.ts");
const loadNext = lazy<typeof import("./next.ts")>("instrumentation/next.ts");
const loadHono = lazy<typeof import("./hono.ts")>("instrumentation/hono.ts");
const loadWinston = lazy<typeof import("../logs/winston.ts")>("logs/winston.ts");
const loadCacheManager = lazy<typeof import("./cache-manager.ts")>(
  "instrumentation/cache-manager.ts",
);
const loadPino = lazy<typeof import("../logs/pino.ts")>("logs/pino.ts");
const loadBunyan = lazy<typeof import("../logs/bunyan.ts")>("logs/bunyan.ts");
const loadGraphql = lazy<typeof import("./graphql.ts")>("instrumentation/graphql.ts");
const loadPg = lazy<typeof import("./pg.ts")>("instrumentation/pg.ts");
const loadIoredis = lazy<typeof import("./ioredis.ts")>("instrumentation/ioredis.ts");
const loadRedis = lazy<typeof import("./redis.ts")>("instrumentation/redis.ts");
const loadRedisCallbacks = lazy<typeof import("./redis-callbacks.ts")>(
  "instrumentation/redis-callbacks.ts",
);
const loadAmqplib = lazy<typeof import("./amqplib.ts")>("instrumentation/amqplib.ts");
const loadBullmq = lazy<typeof import("./bullmq.ts")>("instrumentation/bullmq.ts");
const loadKafkajs = lazy<typeof import("./kafkajs.ts")>("instrumentation/kafkajs.ts");
const loadNats = lazy<typeof import("./nats.ts")>("instrumentation/nats.ts");
const loadCron = lazy<typeof import("./cron.ts")>("instrumentation/cron.ts");
const loadSqlite = lazy<typeof import("./sqlite.ts")>("instrumentation/sqlite.ts");
const loadMongodb = lazy<typeof import("./mongodb.ts")>("instrumentation/mongodb.ts");
const loadMongoose = lazy<typeof import("./mongoose.ts")>("instrumentation/mongoose.ts");
const loadBluebird = lazy<typeof import("./bluebird.ts")>("instrumentation/bluebird.ts");
const loadMysql = lazy<typeof import("./mysql.ts")>("instrumentation/mysql.ts");
const loadMysql2 = lazy<typeof import("./mysql2.ts")>("instrumentation/mysql2.ts");
const loadGrpc = lazy<typeof import("./grpc.ts")>("instrumentation/grpc.ts");
const loadSocketIo = lazy<typeof import("./socket-io.ts")>("instrumentation/socket-io.ts");
const loadTrpc = lazy<typeof import("./trpc.ts")>("instrumentation/trpc.ts");
const loadUndici = lazy<typeof import("./undici.ts")>("instrumentation/undici.ts");
const loadWs = lazy<typeof import("./ws.ts")>("instrumentation/ws.ts");
const loadHttp2Client = lazy<typeof import("./http2-client.ts")>("instrumentation/http2-client.ts");

export const table: readonly Row[] = [
  {
    // Express 5 has none of these: its router is the next row.
    package: "express",
    files: ["lib/router/index.js", "lib/router/layer.js", "lib/router/route.js"],
    versions: ">=4.16 <6",
    load: loadExpress,
    instrumentation: "express",
  },
  {
    package: "router",
    files: [MAIN, "lib/layer.js", "lib/route.js"],
    versions: ">=2 <3",
    load: loadExpress,
    instrumentation: "express",
  },
  {
    package: "finalhandler",
    files: [MAIN],
    versions: ">=0.1 <3",
    load: loadExpress,
    instrumentation: "express",
  },
  {
    package: "fastify",
    files: [
      "lib/error-handler.js",
      "lib/reply.js",
      "lib/hooks.js",
      "lib/wrapThenable.js",
      "lib/wrap-thenable.js",
    ],
    versions: ">=4 <6",
    load: loadFastify,
    instrumentation: "fastify",
  },
  {
    package: "find-my-way",
    files: [MAIN],
    versions: ">=6 <10",
    load: loadFastify,
    instrumentation: "fastify",
  },
  {
    package: "koa",
    files: ["lib/application.js"],
    versions: ">=2 <4",
    load: loadKoa,
    instrumentation: "koa",
  },
  {
    package: "@koa/router",
    files: ["lib/router.js", "dist/index.js", "dist/index.mjs"],
    versions: ">=8 <16",
    load: loadKoa,
    instrumentation: "koa",
  },
  {
    // The same under its old name.
    package: "koa-router",
    files: ["lib/router.js"],
    versions: ">=7.4 <15",
    load: loadKoa,
    instrumentation: "koa",
  },
  {
    package: "koa-mount",
    files: ["index.js"],
    versions: ">=4 <5",
    load: loadKoa,
    instrumentation: "koa",
  },
  {
    package: "@hapi/hapi",
    files: ["lib/request.js", "lib/toolkit.js"],
    versions: ">=20 <22",
    load: loadHapi,
    instrumentation: "hapi",
  },
  {
    package: "connect",
    files: ["index.js"],
    versions: ">=3.1 <4",
    load: loadConnect,
    instrumentation: "connect",
  },
  {
    package: "restify",
    files: ["lib/server.js"],
    versions: ">=11 <13",
    load: loadRestify,
    instrumentation: "restify",
  },
  {
    package: "@nestjs/core",
    files: ["exceptions/exceptions-handler.js", "router/router-response-controller.js"],
    versions: ">=10 <13",
    load: loadNest,
    instrumentation: "nestjs-core",
  },
  {
    package: "next",
    files: [
      "dist/server/base-server.js",
      "dist/server/lib/trace/tracer.js",
      "dist/server/lib/router-utils/instrumentation-globals.external.js",
    ],
    versions: ">=15 <17",
    load: loadNext,
    instrumentation: "next",
  },
  {
    package: "hono",
    files: honoRouters.flatMap((name) => [
      `dist/router/${name}/router.js`,
      `dist/cjs/router/${name}/router.js`,
    ]),
    versions: ">=4 <5",
    load: loadHono,
    instrumentation: "hono",
  },
  {
    package: "hono",
    files: ["stream", "sse"].flatMap((name) => [
      `dist/helper/streaming/${name}.js`,
      `dist/cjs/helper/streaming/${name}.js`,
    ]),
    replaces: ["stream", "streamSSE"],
    versions: ">=4 <5",
    load: loadHono,
    instrumentation: "hono",
  },
  {
    package: "winston",
    files: ["lib/winston/logger.js"],
    versions: ">=3 <4",
    load: loadWinston,
    instrumentation: "winston",
  },
  {
    package: "winston-transport",
    files: ["modern.js"],
    versions: ">=4 <5",
    load: loadWinston,
    instrumentation: "winston",
  },
  {
    package: "logform",
    files: ["json.js", "timestamp.js"],
    versions: ">=2.4 <3",
    load: loadWinston,
    instrumentation: "winston",
  },
  {
    package: "cache-manager",
    files: [MAIN, ES_MAIN],
    replaces: ["createCache"],
    versions: ">=6 <8",
    load: loadCacheManager,
    instrumentation: "cache-manager",
  },
  {
    package: "cache-manager",
    files: ["dist/caching.js"],
    versions: ">=5 <6",
    load: loadCacheManager,
    instrumentation: "cache-manager",
  },
  {
    package: "pino",
    files: ["lib/proto.js"],
    versions: ">=7 <11",
    load: loadPino,
    instrumentation: "pino",
  },
  {
    // What pino's transports run in.
    package: "thread-stream",
    files: [MAIN],
    versions: ">=0.11 <5",
    load: loadPino,
    instrumentation: "pino",
  },
  {
    package: "bunyan",
    files: ["lib/bunyan.js"],
    versions: ">=1.8 <3",
    load: loadBunyan,
    instrumentation: "bunyan",
  },
  {
    package: "graphql",
    files: ["", "__dev__/"].flatMap((folder) =>
      ["execution/execute", "language/parser", "validation/validate"].flatMap((file) => [
        `${folder}${file}.js`,
        `${folder}${file}.mjs`,
      ]),
    ),
    versions: ">=15 <18",
    load: loadGraphql,
    instrumentation: "graphql",
  },
  {
    package: "pg",
    files: [MAIN, "lib/client.js", "lib/native/client.js"],
    versions: ">=8.0.3 <9",
    load: loadPg,
    instrumentation: "pg",
  },
  {
    package: "pg-pool",
    files: [MAIN],
    versions: ">=2 <4",
    load: loadPg,
    instrumentation: "pg",
  },
  {
    package: "ioredis",
    files: [
      ...["lib/redis.js", "lib/pipeline.js", "lib/command.js"],
      ...["built/redis.js", "built/redis/index.js", "built/pipeline.js"],
      ...["built/Redis.js", "built/Pipeline.js"],
      ...["lib/cluster/index.js", "built/cluster/index.js"],
      ...["lib/redis/event_handler.js", "built/redis/event_handler.js"],
      ...["lib/connectors/sentinel_connector.js", "built/connectors/SentinelConnector/index.js"],
      "built/connectors/SentinelConnector/FailoverDetector.js",
    ],
    versions: ">=2 <7",
    load: loadIoredis,
    instrumentation: "ioredis",
  },
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
  {
    package: "amqplib",
    files: ["lib/channel_model.js", "lib/callback_model.js", "lib/channel.js"],
    versions: ">=0.10 <3",
    load: loadAmqplib,
    instrumentation: "amqplib",
  },
  {
    package: "bullmq",
    files: ["cjs", "esm"].flatMap((folder) =>
      ["flow-producer", "job", "queue", "worker"].map(
        (name) => `dist/${folder}/classes/${name}.js`,
      ),
    ),
    versions: ">=5 <7",
    load: loadBullmq,
    instrumentation: "bullmq",
  },
  {
    package: "kafkajs",
    files: [MAIN],
    versions: ">=2 <3",
    load: loadKafkajs,
    instrumentation: "kafkajs",
  },
  {
    package: "nats",
    files: [
      ...["nats", "queued_iterator", "jsclient", "jsmsg"].map(
        (name) => `lib/nats-base-client/${name}.js`,
      ),
      ...["jsclient", "jsmsg", "consumer"].map((name) => `lib/jetstream/${name}.js`),
    ],
    versions: ">=2.12 <3",
    load: loadNats,
    instrumentation: "nats",
  },
  {
    package: "@nats-io/nats-core",
    files: ["lib/nats.js", "lib/queued_iterator.js"],
    versions: ">=3 <4",
    load: loadNats,
    instrumentation: "nats",
  },
  {
    package: "@nats-io/jetstream",
    files: ["lib/jsclient.js", "lib/jsmsg.js", "lib/consumer.js"],
    versions: ">=3 <4",
    load: loadNats,
    instrumentation: "nats",
  },
  {
    package: "node-cron",
    files: [
      "src/scheduled-task.js",
      ...["dist/tasks", "dist/cjs/tasks", "dist/esm/tasks"].flatMap((folder) => [
        `${folder}/inline-scheduled-task.js`,
        `${folder}/inline-scheduled-task.cjs`,
      ]),
      ...["dist/_shared.js", "dist/_shared.cjs"],
    ],
    versions: ">=3 <5",
    load: loadCron,
    instrumentation: "node-cron",
  },
  {
    package: "croner",
    files: [MAIN, ES_MAIN],
    versions: ">=8 <12",
    load: loadCron,
    instrumentation: "croner",
  },
  {
    package: "node:sqlite",
    files: [MAIN],
    versions: ">=22.15",
    load: loadSqlite,
    instrumentation: "sqlite",
  },
  {
    package: "better-sqlite3",
    files: ["lib/index.js"],
    versions: ">=9 <14",
    load: loadSqlite,
    instrumentation: "better-sqlite3",
  },
  {
    package: "mongodb",
    files: ["lib/cmap/connection.js", "lib/cmap/connection_pool.js"],
    versions: ">=4 <8",
    load: loadMongodb,
    instrumentation: "mongodb",
  },
  {
    package: "mongodb",
    files: ["lib/core/wireprotocol/command.js", "lib/cmap/connection_pool.js"],
    versions: ">=3.3 <4",
    load: loadMongodb,
    instrumentation: "mongodb",
  },
  {
    package: "mongoose",
    files: ["lib/collection.js"],
    versions: ">=5 <7",
    load: loadMongoose,
    instrumentation: "mongoose",
  },
  {
    package: "bluebird",
    files: ["js/release/promise.js"],
    versions: ">=3 <4",
    load: loadBluebird,
    instrumentation: "bluebird",
  },
  {
    package: "mysql",
    files: [MAIN, "lib/Pool.js", "lib/PoolCluster.js", "lib/protocol/Protocol.js"],
    versions: ">=2.0.0 <3",
    load: loadMysql,
    instrumentation: "mysql",
  },
  {
    package: "mysql2",
    files: ["lib/connection.js", "lib/pool.js"],
    versions: ">=1.4.2 <4",
    load: loadMysql2,
    instrumentation: "mysql2",
  },
  {
    package: "@grpc/grpc-js",
    files: [MAIN],
    versions: "^1.0.0",
    load: loadGrpc,
    instrumentation: "grpc",
  },
  {
    package: "socket.io",
    files: ["dist/client.js", "dist/socket.js"],
    versions: ">=3 <5",
    load: loadSocketIo,
    instrumentation: "socket.io",
  },
  {
    package: "engine.io",
    files: ["build/server.js", "lib/server.js"],
    versions: ">=4 <7",
    load: loadSocketIo,
    instrumentation: "socket.io",
  },
  {
    package: "@trpc/server",
    files: [MAIN, ES_MAIN],
    versions: ">=10 <12",
    load: loadTrpc,
    instrumentation: "trpc",
  },
  {
    package: "undici",
    files: [
      "lib/core/request.js",
      ...["lib/", "lib/dispatcher/"].flatMap((folder) =>
        ["dispatcher-base", "pool-base", "client"].map((name) => `${folder}${name}.js`),
      ),
    ],
    versions: ">=5 <9",
    load: loadUndici,
    instrumentation: "undici",
  },
  {
    package: "ws",
    files: ["lib/websocket-server.js", "lib/websocket.js"],
    versions: ">=7 <9",
    load: loadWs,
    instrumentation: "ws",
  },
  {
    package: "node:http2",
    files: [MAIN],
    versions: ">=22.15",
    load: loadHttp2Client,
    instrumentation: "http",
  },
];
