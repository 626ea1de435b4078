import type { Context } from "mocha";
import { pathOf } from "../../../scripts/test/programs.ts";
import { programOrSkip } from "../../programs.ts";
import { startFerretDb } from "../servers/ferretdb.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startMemcached } from "../servers/memcached.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRabbitMq } from "../servers/rabbitmq.ts";
import { startRedis } from "../servers/redis.ts";
import { startKafka } from "../servers/kafka.ts";
import { startNats } from "../servers/nats.ts";

export interface WaitingServer {
  readonly url: string;
  stop(): Promise<void>;
}

export type ServerName =
  | "none"
  | "postgres"
  | "mariadb"
  | "redis"
  | "memcached"
  | "rabbitmq"
  | "nats"
  | "kafka"
  | "mongodb";

type Start = (test: Context) => Promise<WaitingServer>;

/** What the rows' libraries talk to. */
export const servers: Readonly<Record<ServerName, Start>> = {
  none: () => Promise.resolve({ url: "", stop: () => Promise.resolve() }),
  postgres: () => startPostgres(),
  mariadb: needing(["mariadb-install-db"], startMariaDb),
  redis: needing(["redis-server"], startRedis),
  memcached: needing(["memcached"], async () => {
    const { address, stop } = await startMemcached();
    return { url: address, stop };
  }),
  rabbitmq: needing(["rabbitmq-server"], startRabbitMq),
  nats: needing(["nats-server"], startNats),
  kafka: needing(["java", "mvn"], startKafka),
  async mongodb(test: Context) {
    // Debian's Go is too old for it, so none is installed for the tests; where CI is set, one is there.
    if (pathOf("go") === undefined && !process.env["CI"]) test.skip();
    return startFerretDb();
  },
};

function needing(programs: readonly string[], start: () => Promise<WaitingServer>): Start {
  return (test) => {
    for (const program of programs) programOrSkip(test, program);
    return start();
  };
}
