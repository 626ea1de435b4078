import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A site whose status can be changed. */
export class Site {
  /** 0: the connection stays open without a response. */
  status = 200;
  readonly #server: Server;

  constructor(server: Server = createServer()) {
    this.#server = server;
    server.on("request", (request, response) => {
      request.resume();
      if (this.status !== 0) response.writeHead(this.status, { location: "/" }).end("page");
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
