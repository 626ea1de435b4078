import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "../../free-port.ts";

/** A TCP proxy in front of a server, whose connections can be closed and refused. */
export class CuttableProxy {
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets: Set<Socket>;

  private constructor(port: number, server: ReturnType<typeof createServer>, sockets: Set<Socket>) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @param serverPort the port of the server behind it */
  static async start(serverPort: number): Promise<CuttableProxy> {
    // No connection of another process gets it while it is cut.
    const port = await freePort();
    const sockets = new Set<Socket>();
    const server = createServer((incoming) => {
      const outgoing = connect(serverPort, "127.0.0.1");
      for (const [from, to] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from
          .on("error", () => {})
          .on("close", () => {
            sockets.delete(from);
            to.destroy();
          });
      }
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new CuttableProxy(port, server, sockets);
  }

  /** Closes all connections and refuses new ones. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async restore(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  stop(): void {
    this.cut();
  }
}
