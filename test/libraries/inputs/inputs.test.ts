import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";
import { goOrSkip } from "../../programs.ts";
import { startFerretDb } from "../servers/ferretdb.ts";
import { startKafka } from "../servers/kafka.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startMemcached } from "../servers/memcached.ts";
import { startNats } from "../servers/nats.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRabbitMq } from "../servers/rabbitmq.ts";
import { startRedis } from "../servers/redis.ts";

interface ServerAddress {
  readonly url?: string;
  readonly address?: string;
  stop(): Promise<void>;
}

const serverStarters = {
  kafka: startKafka,
  mariadb: startMariaDb,
  memcached: startMemcached,
  mongodb: startFerretDb,
  nats: startNats,
  postgres: startPostgres,
  rabbitmq: startRabbitMq,
  redis: startRedis,
} satisfies Readonly<Record<string, () => Promise<ServerAddress>>>;

interface InputRow {
  /** Name in `apps/libraries.mjs`. */
  readonly library: string;
  readonly group: string;
  readonly installed: readonly string[];
  readonly server?: keyof typeof serverStarters;
  /** Whether the library writes to its options; with the preload, it writes to a copy with the trace's headers. */
  readonly writes?: true;
}

const rows: readonly InputRow[] = [
  { library: "amqplib", group: "queues", installed: ["amqplib", "amqplib0"], server: "rabbitmq" },
  { library: "bullmq", group: "queues", installed: ["bullmq", "bullmq5"], server: "redis" },
  { library: "kafkajs", group: "queues", installed: ["kafkajs", "kafkajs20"], server: "kafka" },
  {
    library: "nats",
    group: "queues",
    installed: ["nats", "nats20", "@nats-io/transport-node"],
    server: "nats",
    writes: true,
  },
  { library: "pg", group: "stores", installed: ["pg", "pg8"], server: "postgres" },
  {
    library: "postgres",
    group: "stores",
    installed: ["postgres"],
    server: "postgres",
  },
  { library: "mysql2", group: "stores", installed: ["mysql2"], server: "mariadb" },
  {
    library: "ioredis",
    group: "stores",
    installed: ["ioredis", "ioredis5", "ioredis4"],
    server: "redis",
  },
  { library: "redis", group: "stores", installed: ["redis", "redis5", "redis47"], server: "redis" },
  { library: "mongodb", group: "stores", installed: ["mongodb", "mongodb6"], server: "mongodb" },
  { library: "mysql", group: "loader", installed: ["mysql"], server: "mariadb" },
  { library: "memcached", group: "loader", installed: ["memcached"], server: "memcached" },
  { library: "dataloader", group: "loader", installed: ["dataloader", "dataloader20"] },
  { library: "generic-pool", group: "loader", installed: ["generic-pool"] },
  { library: "lru-memoizer", group: "loader", installed: ["lru-memoizer", "lru-memoizer1"] },
  { library: "openai", group: "loader", installed: ["openai", "openai4"] },
  {
    library: "express-rate-limit",
    group: "limiters",
    installed: ["express-rate-limit", "express-rate-limit-7", "express-rate-limit-6"],
  },
  {
    library: "@fastify/rate-limit",
    group: "limiters",
    installed: ["@fastify/rate-limit", "@fastify/rate-limit-10"],
  },
  {
    library: "rate-limiter-flexible",
    group: "limiters",
    installed: ["rate-limiter-flexible", "rate-limiter-flexible-5"],
  },
  { library: "@grpc/grpc-js", group: "rpc", installed: ["@grpc/grpc-js"] },
  { library: "node:http", group: "web", installed: ["node:http"] },
];

const servers = [...new Set(rows.map(({ server }) => server))];

for (const server of servers) {
  describe(`Inputs that an app reuses (${server ?? "without a server"})`, function () {
    let address: ServerAddress | undefined;
    before(async function () {
      if (server === "mongodb") goOrSkip(this);
      address = server && (await serverStarters[server]());
    });
    after(() => address?.stop());

    for (const row of rows.filter((one) => one.server === server)) {
      for (const installed of row.installed) {
        it(`are unchanged by ${installed}, plain and frozen, with the same results as without the preload`, async () => {
          const receiver = await startReceiver();
          try {
            const [bare, preloaded] = await runBoth(row, installed, address, receiver);
            assert.match(bare.stdout, /frozen, again/);
            if (row.writes) assert.doesNotMatch(preloaded.stdout, /TypeError|reply: ''/);
            else assert.equal(preloaded.stdout, bare.stdout);
            assert.equal(preloaded.code, bare.code, preloaded.stderr);
          } finally {
            await receiver.close();
          }
        });
      }
    }
  });
}

const file = fileURLToPath(new URL("apps/inputs.mjs", import.meta.url));

/** How long a call with an invalid argument may take, some of which never end. */
const LIMIT_MS = 300;
/** On a busy machine a result may come later. */
const LONG_LIMIT_MS = 5_000;

/**
 * Runs the calls without and with the preload; if the results differ, again with the longer time
 * limit.
 */
async function runBoth(
  row: InputRow,
  installed: string,
  address: ServerAddress | undefined,
  receiver: Receiver,
): Promise<readonly [bare: ProgramResult, preloaded: ProgramResult]> {
  for (const limitMs of [LIMIT_MS, LONG_LIMIT_MS]) {
    // One after the other, since both use the same data of the server.
    const bare = await run(row, installed, address, limitMs);
    const preloaded = await run(row, installed, address, limitMs, receiver);
    const isSame = preloaded.stdout === bare.stdout;
    if (isSame || row.writes || limitMs === LONG_LIMIT_MS) return [bare, preloaded];
  }
  assert.fail();
}

function run(
  { library, group }: InputRow,
  installed: string,
  address: ServerAddress | undefined,
  limitMs: number,
  receiver?: Receiver,
): Promise<ProgramResult> {
  const flags = receiver === undefined ? [] : [...preload.import];
  const env = receiver === undefined ? {} : telemetryEnv(receiver);
  const args = [library, group, installed, address?.url ?? address?.address ?? "", String(limitMs)];
  return new Program({ file, flags, args, env: { ...env, NODE_NO_WARNINGS: "1" } }).ended;
}
