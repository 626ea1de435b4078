import { userInfo } from "node:os";
import { sendAndReceive, type StartedServer, startServer } from "./server.ts";

export interface Memcached extends StartedServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
}

/**
 * Starts Debian's memcached.
 *
 * @throws Error if it is not installed or does not start
 */
export async function startMemcached(): Promise<Memcached> {
  const server = await startServer({
    program: "memcached",
    // It refuses to run as root without a user.
    args: (port) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-u", userInfo().username],
    isUp: async (port) =>
      (await sendAndReceive(port, "version\r\n"))?.toString().startsWith("VERSION") === true,
  });
  return { ...server, address: `${server.host}:${server.port}` };
}
