import { sendAndReceive, type StartedServer, startServer } from "./server.ts";

export interface Memcached extends StartedServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
}

/**
 * Debian's memcached.
 *
 * @throws Error if it is not installed or doesn't start
 */
export async function startMemcached(): Promise<Memcached> {
  const server = await startServer({
    program: "memcached",
    // It refuses to run as root without being told whom to become.
    args: (port) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-u", "nobody"],
    isUp: async (port) =>
      (await sendAndReceive(port, "version\r\n"))?.toString().startsWith("VERSION") === true,
  });
  return { ...server, address: `${server.host}:${server.port}` };
}
