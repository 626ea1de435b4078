import type { Context } from "mocha";
import { findInPath } from "../../../scripts/test/programs.ts";
import { programOrSkip } from "../../programs.ts";
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
    // Debian's Go is too old for it, so it is not in the list of programs; CI has one.
    if (findInPath("go") === undefined && !process.env["CI"]) test.skip();
    return startFerretDb();
  },
  none: () => Promise.resolve({ url: "none://", stop: () => Promise.resolve() }),
};
