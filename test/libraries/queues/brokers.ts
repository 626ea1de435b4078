import type { Context } from "mocha";
import { programOrSkip } from "../../programs.ts";
import { startKafka } from "../servers/kafka.ts";
import { startNats } from "../servers/nats.ts";
import { type Postgres, startPostgres } from "../servers/postgres.ts";
import { startRabbitMq } from "../servers/rabbitmq.ts";
import { startRedis } from "../servers/redis.ts";
import type { ServiceUrls } from "./conversation.ts";
import type { BrokerName } from "./rows.ts";

interface StartedBroker {
  readonly url: string;
  stop(): Promise<void>;
}

const brokerStarters: Readonly<
  Record<Exclude<BrokerName, "postgres">, () => Promise<StartedBroker>>
> = {
  kafka: () => startKafka(),
  nats: startNats,
  rabbitmq: startRabbitMq,
  redis: startRedis,
};

/** Programs that each broker needs; without them the test is skipped. */
const programsOf: Readonly<Record<BrokerName, readonly string[]>> = {
  kafka: ["java", "mvn"],
  nats: ["nats-server"],
  rabbitmq: ["rabbitmq-server"],
  redis: ["redis-server"],
  postgres: [],
};

/** A broker of one kind and a database, for all rows that need them. */
export class Brokers {
  #database: Postgres | undefined = undefined;
  #broker: StartedBroker | undefined = undefined;
  #urls: ServiceUrls | undefined = undefined;

  async start(test: Context, name: BrokerName): Promise<void> {
    for (const program of programsOf[name]) programOrSkip(test, program);
    this.#database = await startPostgres();
    if (name !== "postgres") this.#broker = await brokerStarters[name]();
    const { url: database } = this.#database;
    this.#urls = { database, broker: this.#broker?.url ?? database };
  }

  get urls(): ServiceUrls {
    if (this.#urls === undefined) throw new Error("the brokers are not started");
    return this.#urls;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#broker?.stop(), this.#database?.stop()]);
  }
}
