import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Number of requests that a connection has in flight. */
const PIPELINED = 16;
const CONNECTIONS = 4;
const REQUEST = "GET /orders HTTP/1.1\r\nHost: shop\r\n\r\n";
const STATUS = "HTTP/1.1 ";

/** Customers of a service, who order as fast as it responds. */
export class Orders {
  readonly #sockets: readonly Socket[];
  /** Number of orders that were sent. */
  sent = 0;
  answered = 0;
  /** Number of responses other than 200. */
  failed = 0;
  #remaining = 0;
  #done: PromiseWithResolvers<void> = Promise.withResolvers();
  #isEnding = false;

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
    for (const socket of sockets) this.#listen(socket);
  }

  static async open(port: number): Promise<Orders> {
    const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, "127.0.0.1"));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    return new Orders(sockets);
  }

  /** Sends so many orders, and waits for all responses. */
  async send(count: number): Promise<void> {
    this.start(count);
    await this.#done.promise;
  }

  /** Starts to send orders, without an end by default. */
  start(count: number = Infinity): void {
    this.#remaining = count;
    this.#done = Promise.withResolvers();
    for (const socket of this.#sockets) this.#order(socket, PIPELINED);
  }

  /** The service ends: connections may be closed. */
  expectEnd(): void {
    this.#isEnding = true;
  }

  close(): void {
    this.#isEnding = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #order(socket: Socket, count: number): void {
    const now = Math.min(count, this.#remaining);
    this.#remaining -= now;
    this.sent += now;
    if (now > 0) socket.write(REQUEST.repeat(now));
  }

  #listen(socket: Socket): void {
    let rest = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      // A status line has three digits after its start.
      const text = rest + part;
      let at = text.indexOf(STATUS);
      let end = 0;
      let responses = 0;
      while (at !== -1 && at + STATUS.length + 3 <= text.length) {
        responses++;
        end = at + STATUS.length + 3;
        if (text.slice(at + STATUS.length, end) !== "200") this.failed++;
        at = text.indexOf(STATUS, end);
      }
      rest = text.slice(Math.max(end, text.length - STATUS.length - 3));
      this.answered += responses;
      this.#order(socket, responses);
      if (this.answered === this.sent && this.#remaining === 0) this.#done.resolve();
    });
    socket.on("error", (error) => this.#onClose(error));
    socket.on("close", () => this.#onClose(new Error("the service closed a connection")));
  }

  #onClose(error: Error): void {
    if (!this.#isEnding) this.#done.reject(error);
  }
}
