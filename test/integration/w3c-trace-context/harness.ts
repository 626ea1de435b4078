import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { HeaderPairs } from "../../traces/propagation/headers.ts";

/** Sends a request byte by byte, and records the headers of the resulting calls. */
export class W3cHarness {
  readonly #server: Server;
  #received: HeaderPairs[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      const raw = request.rawHeaders;
      this.#received.push(
        raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : [])),
      );
      request.resume().on("end", () => response.end());
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server.close();
  }

  async send(port: number, headers: HeaderPairs, calls: number): Promise<readonly HeaderPairs[]> {
    this.#received = [];
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    const body = JSON.stringify(Array.from({ length: calls }, () => ({ url, arguments: [] })));
    const head = [
      "POST / HTTP/1.1",
      "Host: service",
      "Connection: close",
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    const socket = connect(port, "127.0.0.1").resume();
    // Not ended here: Node's server would take that for a disconnected client.
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
    await once(socket, "close");
    return this.#received;
  }
}
