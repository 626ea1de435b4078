import type { LibraryRow } from "./loading/library-row.ts";
import { bluebirdRows } from "./databases/bluebird/rows.ts";
import { cacheManagerRows } from "./databases/cache-manager/rows.ts";
import { genericPoolRows } from "./databases/generic-pool/rows.ts";
import { ioredisRows } from "./databases/ioredis/rows.ts";
import { mongodbRows } from "./databases/mongodb/rows.ts";
import { mongooseRows } from "./databases/mongoose/rows.ts";
import { mysqlRows } from "./databases/mysql/rows.ts";
import { mysql2Rows } from "./databases/mysql2/rows.ts";
import { pgRows } from "./databases/pg/rows.ts";
import { postgresRows } from "./databases/postgres/rows.ts";
import { redisRows } from "./databases/redis/rows.ts";
import { sqliteRows } from "./databases/sqlite/rows.ts";
import { connectRows } from "./frameworks/connect/rows.ts";
import { expressRows } from "./frameworks/express/rows.ts";
import { fastifyRows } from "./frameworks/fastify/rows.ts";
import { hapiRows } from "./frameworks/hapi/rows.ts";
import { honoRows } from "./frameworks/hono/rows.ts";
import { koaRows } from "./frameworks/koa/rows.ts";
import { nestRows } from "./frameworks/nest/rows.ts";
import { nextRows } from "./frameworks/next/rows.ts";
import { restifyRows } from "./frameworks/restify/rows.ts";
import { http2Rows } from "./http-clients/http2/rows.ts";
import { undiciRows } from "./http-clients/undici/rows.ts";
import { expressRateLimitRows } from "./limiters/express-rate-limit/rows.ts";
import { fastifyRateLimitRows } from "./limiters/fastify-rate-limit/rows.ts";
import { rateLimiterFlexibleRows } from "./limiters/rate-limiter-flexible/rows.ts";
import { bunyanRows } from "./loggers/bunyan/rows.ts";
import { pinoRows } from "./loggers/pino/rows.ts";
import { winstonRows } from "./loggers/winston/rows.ts";
import { amqplibRows } from "./messaging/amqplib/rows.ts";
import { bullmqRows } from "./messaging/bullmq/rows.ts";
import { cronRows } from "./messaging/cron/rows.ts";
import { kafkajsRows } from "./messaging/kafkajs/rows.ts";
import { natsRows } from "./messaging/nats/rows.ts";
import { promClientRows } from "./metrics/prom-client/rows.ts";
import { socketIoRows } from "./realtime/socket-io/rows.ts";
import { wsRows } from "./realtime/ws/rows.ts";
import { graphqlRows } from "./rpc/graphql/rows.ts";
import { grpcRows } from "./rpc/grpc/rows.ts";
import { trpcRows } from "./rpc/trpc/rows.ts";

/**
 * Libraries with an adaptor in this project; `upstreamRows` has the others. A new
 * library is a folder with `rows.ts` and `adaptor.ts`, and a line in this list.
 */
export const libraryRows: readonly LibraryRow[] = [
  ...bluebirdRows,
  ...cacheManagerRows,
  ...genericPoolRows,
  ...ioredisRows,
  ...mongodbRows,
  ...mongooseRows,
  ...mysqlRows,
  ...mysql2Rows,
  ...pgRows,
  ...postgresRows,
  ...redisRows,
  ...sqliteRows,
  ...connectRows,
  ...expressRows,
  ...fastifyRows,
  ...hapiRows,
  ...honoRows,
  ...koaRows,
  ...nestRows,
  ...nextRows,
  ...restifyRows,
  ...http2Rows,
  ...undiciRows,
  ...expressRateLimitRows,
  ...fastifyRateLimitRows,
  ...rateLimiterFlexibleRows,
  ...bunyanRows,
  ...pinoRows,
  ...winstonRows,
  ...amqplibRows,
  ...bullmqRows,
  ...cronRows,
  ...kafkajsRows,
  ...natsRows,
  ...promClientRows,
  ...socketIoRows,
  ...wsRows,
  ...graphqlRows,
  ...grpcRows,
  ...trpcRows,
];
