import type { Context } from "mocha";
import { goOrSkip, programOrSkip } from "../../programs.ts";
import { startFerretDb } from "../servers/ferretdb.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startMemcached } from "../servers/memcached.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRabbitMq } from "../servers/rabbitmq.ts";
import { startRedis } from "../servers/redis.ts";
import { startKafka } from "../servers/kafka.ts";
import { startNats } from "../servers/nats.ts";

export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

export type WaitingServerName =
  | "none"
  | "postgres"
  | "mariadb"
  | "redis"
  | "memcached"
  | "rabbitmq"
  | "nats"
  | "kafka"
  | "mongodb";

type Start = (test: Context) => Promise<TestServer>;

/** Servers of the rows' libraries. */
export const servers: Readonly<Record<WaitingServerName, Start>> = {
  none: () => Promise.resolve({ url: "", stop: () => Promise.resolve() }),
  postgres: () => startPostgres(),
  mariadb: serversFor(["mariadb-install-db"], startMariaDb),
  redis: serversFor(["redis-server"], startRedis),
  memcached: serversFor(["memcached"], async () => {
    const { address, stop } = await startMemcached();
    return { url: address, stop };
  }),
  rabbitmq: serversFor(["rabbitmq-server"], startRabbitMq),
  nats: serversFor(["nats-server"], startNats),
  kafka: serversFor(["java", "mvn"], startKafka),
  async mongodb(test: Context) {
    goOrSkip(test);
    return startFerretDb();
  },
};

function serversFor(programs: readonly string[], start: () => Promise<TestServer>): Start {
  return (test) => {
    for (const program of programs) programOrSkip(test, program);
    return start();
  };
}
