import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../free-port.ts";
import { sendAndReceive, type StartedServer, startServer } from "./server.ts";

export interface Redis extends StartedServer {
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
}

/**
 * Starts Debian's Redis without persistence.
 *
 * @throws Error if it is not installed or does not start
 */
export function startRedis(): Promise<Redis> {
  return start([]);
}

/**
 * Starts a cluster of one node, which has all slots.
 *
 * @throws Error if it is not installed or does not start
 */
export async function startRedisCluster(): Promise<Redis> {
  const redis = await start([
    "--cluster-enabled",
    "yes",
    "--cluster-announce-ip",
    "127.0.0.1",
    "--cluster-port",
    `${await freePort()}`,
  ]);
  // A busy host may take longer than one try waits.
  while ((await sendAndReceive(redis.port, "CLUSTER ADDSLOTSRANGE 0 16383\r\n")) === undefined) {
    await delay(20);
  }
  while (
    !String(await sendAndReceive(redis.port, "CLUSTER INFO\r\n")).includes("cluster_state:ok")
  ) {
    await delay(20);
  }
  return redis;
}

async function start(more: readonly string[]): Promise<Redis> {
  const server = await startServer({
    program: "redis-server",
    args: (port, folder) => [
      ...["--bind", "127.0.0.1", "--port", String(port), "--dir", folder],
      ...["--save", "", "--appendonly", "no", ...more],
    ],
    async isUp(port) {
      return (await sendAndReceive(port, "PING\r\n"))?.toString() === "+PONG\r\n";
    },
  });
  return { ...server, url: `redis://${server.host}:${server.port}` };
}
