import type { ChunkName, ChunkTypes } from "../chunks.ts";
import type { Adaptor } from "./adaptor.ts";

/** The chunks that hold an adaptor. */
export type AdaptorChunk = {
  [Name in ChunkName]: ChunkTypes[Name] extends { readonly adaptor: Adaptor } ? Name : never;
}[ChunkName];

/** Which files of which package bring which chunk. */
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
  readonly chunk: AdaptorChunk;
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

/** Add a row together with its chunk in `chunks.ts`. */
export const table: readonly Row[] = [
  {
    // Express 5 has none of these: its router is the next row.
    package: "express",
    files: ["lib/router/index.js", "lib/router/layer.js", "lib/router/route.js"],
    versions: ">=4.16 <6",
    chunk: "instrumentation-express",
    instrumentation: "express",
  },
  {
    package: "router",
    files: [MAIN, "lib/layer.js", "lib/route.js"],
    versions: ">=2 <3",
    chunk: "instrumentation-express",
    instrumentation: "express",
  },
  {
    package: "finalhandler",
    files: [MAIN],
    versions: ">=0.1 <3",
    chunk: "instrumentation-express",
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
    chunk: "instrumentation-fastify",
    instrumentation: "fastify",
  },
  {
    package: "find-my-way",
    files: [MAIN],
    versions: ">=6 <10",
    chunk: "instrumentation-fastify",
    instrumentation: "fastify",
  },
  {
    package: "koa",
    files: ["lib/application.js"],
    versions: ">=2 <4",
    chunk: "instrumentation-koa",
    instrumentation: "koa",
  },
  {
    package: "@koa/router",
    files: ["lib/router.js", "dist/index.js", "dist/index.mjs"],
    versions: ">=8 <16",
    chunk: "instrumentation-koa",
    instrumentation: "koa",
  },
  {
    // The same under its old name.
    package: "koa-router",
    files: ["lib/router.js"],
    versions: ">=7.4 <15",
    chunk: "instrumentation-koa",
    instrumentation: "koa",
  },
  {
    package: "koa-mount",
    files: ["index.js"],
    versions: ">=4 <5",
    chunk: "instrumentation-koa",
    instrumentation: "koa",
  },
  {
    package: "@hapi/hapi",
    files: ["lib/request.js", "lib/toolkit.js"],
    versions: ">=20 <22",
    chunk: "instrumentation-hapi",
    instrumentation: "hapi",
  },
  {
    package: "connect",
    files: ["index.js"],
    versions: ">=3.1 <4",
    chunk: "instrumentation-connect",
    instrumentation: "connect",
  },
  {
    package: "restify",
    files: ["lib/server.js"],
    versions: ">=11 <13",
    chunk: "instrumentation-restify",
    instrumentation: "restify",
  },
  {
    package: "@nestjs/core",
    files: ["exceptions/exceptions-handler.js", "router/router-response-controller.js"],
    versions: ">=10 <13",
    chunk: "instrumentation-nest",
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
    chunk: "instrumentation-next",
    instrumentation: "next",
  },
  {
    package: "hono",
    files: honoRouters.flatMap((name) => [
      `dist/router/${name}/router.js`,
      `dist/cjs/router/${name}/router.js`,
    ]),
    versions: ">=4 <5",
    chunk: "instrumentation-hono",
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
    chunk: "instrumentation-hono",
    instrumentation: "hono",
  },
  {
    package: "winston",
    files: ["lib/winston/logger.js"],
    versions: ">=3 <4",
    chunk: "logs-winston",
    instrumentation: "winston",
  },
  {
    package: "winston-transport",
    files: ["modern.js"],
    versions: ">=4 <5",
    chunk: "logs-winston",
    instrumentation: "winston",
  },
  {
    package: "logform",
    files: ["json.js", "timestamp.js"],
    versions: ">=2.4 <3",
    chunk: "logs-winston",
    instrumentation: "winston",
  },
  {
    package: "cache-manager",
    files: [MAIN, ES_MAIN],
    replaces: ["createCache"],
    versions: ">=6 <8",
    chunk: "instrumentation-cache-manager",
    instrumentation: "cache-manager",
  },
  {
    package: "cache-manager",
    files: ["dist/caching.js"],
    versions: ">=5 <6",
    chunk: "instrumentation-cache-manager",
    instrumentation: "cache-manager",
  },
  {
    package: "pino",
    files: ["lib/proto.js"],
    versions: ">=7 <11",
    chunk: "logs-pino",
    instrumentation: "pino",
  },
  {
    // What pino's transports run in.
    package: "thread-stream",
    files: [MAIN],
    versions: ">=0.11 <5",
    chunk: "logs-pino",
    instrumentation: "pino",
  },
  {
    package: "bunyan",
    files: ["lib/bunyan.js"],
    versions: ">=1.8 <3",
    chunk: "logs-bunyan",
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
    chunk: "instrumentation-graphql",
    instrumentation: "graphql",
  },
  {
    package: "pg",
    files: [MAIN, "lib/client.js", "lib/native/client.js"],
    versions: ">=8.0.3 <9",
    chunk: "instrumentation-pg",
    instrumentation: "pg",
  },
  {
    package: "pg-pool",
    files: [MAIN],
    versions: ">=2 <4",
    chunk: "instrumentation-pg",
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
    chunk: "instrumentation-ioredis",
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
    chunk: "instrumentation-redis" as const,
    instrumentation: "redis",
  })),
  {
    package: "redis",
    files: ["index.js"],
    versions: ">=2.6 <4",
    chunk: "instrumentation-redis-callbacks",
    instrumentation: "redis",
  },
  {
    package: "amqplib",
    files: ["lib/channel_model.js", "lib/callback_model.js", "lib/channel.js"],
    versions: ">=0.10 <3",
    chunk: "instrumentation-amqplib",
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
    chunk: "instrumentation-bullmq",
    instrumentation: "bullmq",
  },
  {
    package: "kafkajs",
    files: [MAIN],
    versions: ">=2 <3",
    chunk: "instrumentation-kafkajs",
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
    chunk: "instrumentation-nats",
    instrumentation: "nats",
  },
  {
    package: "@nats-io/nats-core",
    files: ["lib/nats.js", "lib/queued_iterator.js"],
    versions: ">=3 <4",
    chunk: "instrumentation-nats",
    instrumentation: "nats",
  },
  {
    package: "@nats-io/jetstream",
    files: ["lib/jsclient.js", "lib/jsmsg.js", "lib/consumer.js"],
    versions: ">=3 <4",
    chunk: "instrumentation-nats",
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
    chunk: "instrumentation-cron",
    instrumentation: "node-cron",
  },
  {
    package: "croner",
    files: [MAIN, ES_MAIN],
    versions: ">=8 <12",
    chunk: "instrumentation-cron",
    instrumentation: "croner",
  },
  {
    package: "node:sqlite",
    files: [MAIN],
    versions: ">=22.15",
    chunk: "instrumentation-sqlite",
    instrumentation: "sqlite",
  },
  {
    package: "better-sqlite3",
    files: ["lib/index.js"],
    versions: ">=9 <14",
    chunk: "instrumentation-sqlite",
    instrumentation: "better-sqlite3",
  },
  {
    package: "mongodb",
    files: ["lib/cmap/connection.js", "lib/cmap/connection_pool.js"],
    versions: ">=4 <8",
    chunk: "instrumentation-mongodb",
    instrumentation: "mongodb",
  },
  {
    package: "mongodb",
    files: ["lib/core/wireprotocol/command.js", "lib/cmap/connection_pool.js"],
    versions: ">=3.3 <4",
    chunk: "instrumentation-mongodb",
    instrumentation: "mongodb",
  },
  {
    package: "mongoose",
    files: ["lib/collection.js"],
    versions: ">=5 <7",
    chunk: "instrumentation-mongoose",
    instrumentation: "mongoose",
  },
  {
    package: "bluebird",
    files: ["js/release/promise.js"],
    versions: ">=3 <4",
    chunk: "instrumentation-bluebird",
    instrumentation: "bluebird",
  },
  {
    package: "mysql",
    files: [MAIN, "lib/Pool.js", "lib/PoolCluster.js", "lib/protocol/Protocol.js"],
    versions: ">=2.0.0 <3",
    chunk: "instrumentation-mysql",
    instrumentation: "mysql",
  },
  {
    package: "mysql2",
    files: ["lib/connection.js", "lib/pool.js"],
    versions: ">=1.4.2 <4",
    chunk: "instrumentation-mysql2",
    instrumentation: "mysql2",
  },
  {
    package: "@grpc/grpc-js",
    files: [MAIN],
    versions: "^1.0.0",
    chunk: "instrumentation-grpc",
    instrumentation: "grpc",
  },
  {
    package: "socket.io",
    files: ["dist/client.js", "dist/socket.js"],
    versions: ">=3 <5",
    chunk: "instrumentation-socket-io",
    instrumentation: "socket.io",
  },
  {
    package: "engine.io",
    files: ["build/server.js", "lib/server.js"],
    versions: ">=4 <7",
    chunk: "instrumentation-socket-io",
    instrumentation: "socket.io",
  },
  {
    package: "@trpc/server",
    files: [MAIN, ES_MAIN],
    versions: ">=10 <12",
    chunk: "instrumentation-trpc",
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
    chunk: "instrumentation-undici",
    instrumentation: "undici",
  },
  {
    package: "ws",
    files: ["lib/websocket-server.js", "lib/websocket.js"],
    versions: ">=7 <9",
    chunk: "instrumentation-ws",
    instrumentation: "ws",
  },
  {
    package: "node:http2",
    files: [MAIN],
    versions: ">=22.15",
    chunk: "instrumentation-http2-client",
    instrumentation: "http",
  },
];
