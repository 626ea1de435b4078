import { createRequire } from "node:module";
import { upstreamChunks, type UpstreamChunkTypes } from "./instrumentation/upstream-chunks.ts";

/**
 * What is loaded only when first needed. Each row becomes a file
 * of its own in `dist/`, named after its key, and an entry point of the build;
 * in the source tree the same call loads the TypeScript file. Loading is
 * synchronous (`require` of an ES module, Node >= 22.12), because a module that
 * an app is just importing can't wait.
 */
export const chunks: Readonly<Record<keyof ChunkTypes, string>> = {
  "errors-client": "./errors/client.ts",
  "errors-app-sentry": "./errors/app-sentry.ts",
  "admin-answer": "./admin/answer.ts",
  "admin-children": "./admin/children.ts",
  "entry-http2": "./entry/http2-server.ts",
  "entry-breakage": "./entry/breakage.ts",
  "entry-upgrade": "./entry/upgrade.ts",
  "entry-outgoing": "./entry/outgoing.ts",
  "entry-work": "./entry/work.ts",
  "export-delivery": "./export/delivery.ts",
  "export-messages": "./export/messages.ts",
  "export-json-messages": "./export/json-messages.ts",
  "export-otlp": "./export/otlp.ts",
  caches: "./caches/caches.ts",
  "export-gateways": "./export/gateways.ts",
  "export-grpc": "./export/grpc.ts",
  "instrumentation-aws-lambda": "./instrumentation/lambda.ts",
  "instrumentation-es-module": "./instrumentation/es-module.ts",
  "instrumentation-cache-manager": "./instrumentation/cache-manager.ts",
  "instrumentation-cron": "./instrumentation/cron.ts",
  "instrumentation-express": "./instrumentation/express.ts",
  "instrumentation-fastify": "./instrumentation/fastify.ts",
  "instrumentation-ioredis": "./instrumentation/ioredis.ts",
  "instrumentation-connect": "./instrumentation/connect.ts",
  "instrumentation-hapi": "./instrumentation/hapi.ts",
  "instrumentation-hono": "./instrumentation/hono.ts",
  "instrumentation-koa": "./instrumentation/koa.ts",
  "instrumentation-nest": "./instrumentation/nest.ts",
  "instrumentation-next": "./instrumentation/next.ts",
  "instrumentation-restify": "./instrumentation/restify.ts",
  "instrumentation-amqplib": "./instrumentation/amqplib.ts",
  "instrumentation-bluebird": "./instrumentation/bluebird.ts",
  "instrumentation-bullmq": "./instrumentation/bullmq.ts",
  "instrumentation-kafkajs": "./instrumentation/kafkajs.ts",
  "instrumentation-nats": "./instrumentation/nats.ts",
  "instrumentation-mongodb": "./instrumentation/mongodb.ts",
  "instrumentation-mongoose": "./instrumentation/mongoose.ts",
  "instrumentation-mysql": "./instrumentation/mysql.ts",
  "instrumentation-mysql2": "./instrumentation/mysql2.ts",
  "instrumentation-grpc": "./instrumentation/grpc.ts",
  "instrumentation-http2-client": "./instrumentation/http2-client.ts",
  "instrumentation-graphql": "./instrumentation/graphql.ts",
  "instrumentation-graphql-spans": "./instrumentation/graphql-spans.ts",
  "instrumentation-pg": "./instrumentation/pg.ts",
  "instrumentation-redis-callbacks": "./instrumentation/redis-callbacks.ts",
  "instrumentation-redis": "./instrumentation/redis.ts",
  "instrumentation-sqlite": "./instrumentation/sqlite.ts",
  "instrumentation-socket-io": "./instrumentation/socket-io.ts",
  "instrumentation-trpc": "./instrumentation/trpc.ts",
  "instrumentation-undici": "./instrumentation/undici.ts",
  "instrumentation-ws": "./instrumentation/ws.ts",
  ...upstreamChunks,
  "lifecycle-signals": "./lifecycle/signals.ts",
  "logs-console": "./logs/console.ts",
  "logs-bunyan": "./logs/bunyan.ts",
  "logs-console-line": "./logs/console-line.ts",
  "logs-pino": "./logs/pino.ts",
  "logs-snapshot": "./logs/snapshot.ts",
  "logs-winston": "./logs/winston.ts",
  "metrics-console": "./metrics/console.ts",
  "metrics-prometheus": "./metrics/prometheus.ts",
  "metrics-runtime": "./metrics/runtime/watch.ts",
  "metrics-threads": "./metrics/threads/threads.ts",
  "traces-console": "./traces/console.ts",
  "propagation-b3": "./traces/propagation/b3.ts",
  "propagation-jaeger": "./traces/propagation/jaeger.ts",
  "propagation-sentry": "./traces/propagation/sentry.ts",
  "propagation-xray": "./traces/propagation/xray.ts",
};

export interface ChunkTypes extends UpstreamChunkTypes {
  "errors-client": typeof import("./errors/client.ts");
  "errors-app-sentry": typeof import("./errors/app-sentry.ts");
  "admin-answer": typeof import("./admin/answer.ts");
  "admin-children": typeof import("./admin/children.ts");
  "entry-http2": typeof import("./entry/http2-server.ts");
  "entry-breakage": typeof import("./entry/breakage.ts");
  "entry-upgrade": typeof import("./entry/upgrade.ts");
  "entry-outgoing": typeof import("./entry/outgoing.ts");
  "entry-work": typeof import("./entry/work.ts");
  "export-delivery": typeof import("./export/delivery.ts");
  "export-messages": typeof import("./export/messages.ts");
  "export-json-messages": typeof import("./export/json-messages.ts");
  "export-otlp": typeof import("./export/otlp.ts");
  caches: typeof import("./caches/caches.ts");
  "export-gateways": typeof import("./export/gateways.ts");
  "export-grpc": typeof import("./export/grpc.ts");
  "instrumentation-aws-lambda": typeof import("./instrumentation/lambda.ts");
  "instrumentation-es-module": typeof import("./instrumentation/es-module.ts");
  "instrumentation-cache-manager": typeof import("./instrumentation/cache-manager.ts");
  "instrumentation-cron": typeof import("./instrumentation/cron.ts");
  "instrumentation-express": typeof import("./instrumentation/express.ts");
  "instrumentation-fastify": typeof import("./instrumentation/fastify.ts");
  "instrumentation-ioredis": typeof import("./instrumentation/ioredis.ts");
  "instrumentation-connect": typeof import("./instrumentation/connect.ts");
  "instrumentation-hapi": typeof import("./instrumentation/hapi.ts");
  "instrumentation-hono": typeof import("./instrumentation/hono.ts");
  "instrumentation-koa": typeof import("./instrumentation/koa.ts");
  "instrumentation-nest": typeof import("./instrumentation/nest.ts");
  "instrumentation-next": typeof import("./instrumentation/next.ts");
  "instrumentation-restify": typeof import("./instrumentation/restify.ts");
  "instrumentation-amqplib": typeof import("./instrumentation/amqplib.ts");
  "instrumentation-bluebird": typeof import("./instrumentation/bluebird.ts");
  "instrumentation-bullmq": typeof import("./instrumentation/bullmq.ts");
  "instrumentation-kafkajs": typeof import("./instrumentation/kafkajs.ts");
  "instrumentation-nats": typeof import("./instrumentation/nats.ts");
  "instrumentation-mongodb": typeof import("./instrumentation/mongodb.ts");
  "instrumentation-mongoose": typeof import("./instrumentation/mongoose.ts");
  "instrumentation-mysql": typeof import("./instrumentation/mysql.ts");
  "instrumentation-mysql2": typeof import("./instrumentation/mysql2.ts");
  "instrumentation-grpc": typeof import("./instrumentation/grpc.ts");
  "instrumentation-http2-client": typeof import("./instrumentation/http2-client.ts");
  "instrumentation-graphql": typeof import("./instrumentation/graphql.ts");
  "instrumentation-graphql-spans": typeof import("./instrumentation/graphql-spans.ts");
  "instrumentation-pg": typeof import("./instrumentation/pg.ts");
  "instrumentation-redis-callbacks": typeof import("./instrumentation/redis-callbacks.ts");
  "instrumentation-redis": typeof import("./instrumentation/redis.ts");
  "instrumentation-sqlite": typeof import("./instrumentation/sqlite.ts");
  "instrumentation-socket-io": typeof import("./instrumentation/socket-io.ts");
  "instrumentation-trpc": typeof import("./instrumentation/trpc.ts");
  "instrumentation-undici": typeof import("./instrumentation/undici.ts");
  "instrumentation-ws": typeof import("./instrumentation/ws.ts");
  "lifecycle-signals": typeof import("./lifecycle/signals.ts");
  "logs-console": typeof import("./logs/console.ts");
  "logs-bunyan": typeof import("./logs/bunyan.ts");
  "logs-console-line": typeof import("./logs/console-line.ts");
  "logs-pino": typeof import("./logs/pino.ts");
  "logs-snapshot": typeof import("./logs/snapshot.ts");
  "logs-winston": typeof import("./logs/winston.ts");
  "metrics-console": typeof import("./metrics/console.ts");
  "metrics-prometheus": typeof import("./metrics/prometheus.ts");
  "metrics-runtime": typeof import("./metrics/runtime/watch.ts");
  "metrics-threads": typeof import("./metrics/threads/threads.ts");
  "traces-console": typeof import("./traces/console.ts");
  "propagation-b3": typeof import("./traces/propagation/b3.ts");
  "propagation-jaeger": typeof import("./traces/propagation/jaeger.ts");
  "propagation-sentry": typeof import("./traces/propagation/sentry.ts");
  "propagation-xray": typeof import("./traces/propagation/xray.ts");
}

export type ChunkName = keyof ChunkTypes;

const require = createRequire(import.meta.url);
const inSource = import.meta.url.endsWith(".ts");

const loaded: Partial<Record<ChunkName, ChunkTypes[ChunkName]>> = {};

let loading = 0;

/** Whether a chunk is just being read: the file operations are ours then, not the app's. */
export function isLoadingChunk(): boolean {
  return loading > 0;
}

/** Loads a chunk, or gives it again: cheap enough for a hot path. */
export function loadChunk<Name extends ChunkName>(name: Name): ChunkTypes[Name] {
  return (loaded[name] ??= load(name)) as ChunkTypes[Name];
}

function load<Name extends ChunkName>(name: Name): ChunkTypes[Name] {
  loading++;
  try {
    return require(inSource ? chunks[name] : `./${name}.js`) as ChunkTypes[Name];
  } finally {
    loading--;
  }
}
