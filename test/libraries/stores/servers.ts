import type { Context } from "mocha";
import { goOrSkip, programOrSkip } from "../../programs.ts";
import { startFerretDb } from "../servers/ferretdb.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis, startRedisCluster } from "../servers/redis.ts";
import type { StoreServerName } from "./rows.ts";

/** A server of databases. */
export interface StoreServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts each server, or skips the test where its program is not installed. */
export const storeServers: Readonly<
  Record<StoreServerName, (test: Context) => Promise<StoreServer>>
> = {
  redis(test) {
    programOrSkip(test, "redis-server");
    return startRedis();
  },
  redisCluster(test) {
    programOrSkip(test, "redis-server");
    return startRedisCluster();
  },
  mariadb(test) {
    programOrSkip(test, "mariadb-install-db");
    return startMariaDb();
  },
  postgres: () => startPostgres(),
  mongodb(test) {
    goOrSkip(test);
    return startFerretDb();
  },
  none: () => Promise.resolve({ url: "none://", stop: () => Promise.resolve() }),
};
