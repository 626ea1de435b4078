import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** An HTTPS proxy that connects all targets to this host. */
export interface Proxy {
  /** Fits `HTTPS_PROXY`. */
  readonly url: string;
  /** Requested targets, as host:port. */
  readonly connectTargets: ReadonlySet<string>;
  close(): Promise<void>;
}

/** @param port the port of this host to which all connections go */
export async function startProxy(port: number): Promise<Proxy> {
  const connectTargets = new Set<string>();
  const open = new Set<Duplex>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client: Duplex, head: Buffer) => {
    connectTargets.add(request.url ?? "");
    const upstream: Socket = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => open.delete(one));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connectTargets,
    async close() {
      for (const one of open) one.destroy();
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
