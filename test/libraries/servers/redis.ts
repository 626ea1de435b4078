import { ask, type Server, startServer } from "./server.ts";

export interface Redis extends Server {
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
}

/**
 * Debian's Redis, which keeps nothing on disk.
 *
 * @throws Error if it is not installed or doesn't start
 */
export async function startRedis(): Promise<Redis> {
  const server = await startServer({
    program: "redis-server",
    args: (port, folder) => [
      ...["--bind", "127.0.0.1", "--port", String(port), "--dir", folder],
      ...["--save", "", "--appendonly", "no"],
    ],
    async isUp(port) {
      return (await ask(port, "PING\r\n"))?.toString() === "+PONG\r\n";
    },
  });
  return { ...server, url: `redis://${server.host}:${server.port}` };
}
