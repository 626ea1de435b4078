import type { WaitingServerName } from "./waiting-servers.ts";

/** A library with operations that are queued or pending: for a connection, a batch, a response. */
export interface WaitingRow {
  /** Folder of `test/libraries` with the installed package; empty for a built-in module. */
  readonly group: string;
  /** Folder in `node_modules`. */
  readonly installed: string;
  /** File in `apps/` with the ways of calling the library. */
  readonly program: string;
  readonly server: WaitingServerName;
  /**
   * Pattern of the spans below each request, matched against name and text;
   * undefined if there are none.
   */
  readonly span?: RegExp;
}

type Common = Omit<WaitingRow, "installed">;

function rowsOf(row: Common, ...installed: readonly string[]): WaitingRow[] {
  return installed.map((name) => ({ ...row, installed: name }));
}

const SELECT = /SELECT/i;
const GET = /GET/;
const FIND = /find|insert/;

const stores = { group: "stores" } as const;
const queues = { group: "queues" } as const;
const loader = { group: "loader", server: "none" } as const;

export const waitingRows: readonly WaitingRow[] = [
  ...rowsOf({ ...stores, program: "pg", server: "postgres", span: SELECT }, "pg", "pg8"),
  ...rowsOf(
    { ...stores, program: "postgres", server: "postgres", span: SELECT },
    ...["postgres", "postgres3"],
  ),
  ...rowsOf(
    { ...stores, program: "orm", server: "postgres", span: /waiting/ },
    ...["knex", "knex0", "sequelize", "sequelize5", "typeorm", "typeorm0", "drizzle-orm"],
  ),
  ...rowsOf({ group: "stores", program: "bluebird", server: "none" }, "bluebird"),
  ...rowsOf({ ...loader, program: "mysql", server: "mariadb", span: SELECT }, "mysql"),
  ...rowsOf({ ...stores, program: "mysql", server: "mariadb", span: SELECT }, "mysql2", "mysql2-1"),
  ...rowsOf(
    { ...stores, program: "redis", server: "redis", span: GET },
    ...["redis", "redis5", "redis47", "redis4"],
  ),
  ...rowsOf(
    { ...stores, program: "redis-callbacks", server: "redis", span: GET },
    ...["redis3", "redis2"],
  ),
  ...rowsOf(
    { ...stores, program: "ioredis", server: "redis", span: GET },
    ...["ioredis", "ioredis5", "ioredis4", "ioredis2"],
  ),
  ...rowsOf(
    { ...stores, program: "mongodb", server: "mongodb", span: FIND },
    ...["mongodb", "mongodb6", "mongodb4", "mongodb3", "mongodb33"],
  ),
  ...rowsOf(
    { ...stores, program: "mongoose", server: "mongodb", span: FIND },
    ...["mongoose", "mongoose6", "mongoose5"],
  ),
  ...rowsOf(
    { ...loader, program: "memcached", server: "memcached", span: /memcached/ },
    "memcached",
  ),
  ...rowsOf(
    { ...loader, program: "generic-pool", span: /acquire/ },
    ...["generic-pool", "generic-pool2"],
  ),
  ...rowsOf({ ...loader, program: "lru-memoizer" }, "lru-memoizer", "lru-memoizer1"),
  ...rowsOf({ ...loader, program: "dataloader", span: /load/ }, "dataloader", "dataloader20"),
  ...rowsOf(
    { ...queues, program: "queues", server: "kafka", span: /"send/ },
    ...["kafkajs", "kafkajs20"],
  ),
  ...rowsOf({ ...queues, program: "queues", server: "redis", span: /"add/ }, "bullmq", "bullmq5"),
  ...rowsOf(
    { ...queues, program: "queues", server: "nats", span: /"(?:request|publish)/ },
    ...["nats", "nats20", "@nats-io/transport-node"],
  ),
  ...rowsOf(
    { group: "loggers", program: "cache-manager", server: "none" },
    ...["cache-manager", "cache-manager6", "cache-manager5"],
  ),
  ...rowsOf({ group: "web", program: "ws", server: "none" }, "ws", "ws7"),
  ...rowsOf({ group: "queues", program: "amqplib", server: "rabbitmq" }, "amqplib", "amqplib0"),
  ...rowsOf(
    { group: "rpc", program: "grpc", server: "none", span: /test.Echo/ },
    "@grpc/grpc-js",
    "grpc-js10",
  ),
  // A local fake of the package.
  ...rowsOf(
    { group: "", program: "tedious", server: "none", span: /EXECUTE|SELECT|execSql/i },
    "tedious",
  ),
  ...rowsOf({ group: "", program: "undici", server: "none", span: /"(?:GET|POST)"/ }, "undici"),
  ...rowsOf({ group: "", program: "http2", server: "none", span: /"(?:GET|POST)"/ }, "node:http2"),
  ...rowsOf({ group: "", program: "http", server: "none", span: /"(?:GET|POST)"/ }, "node:http"),
];
