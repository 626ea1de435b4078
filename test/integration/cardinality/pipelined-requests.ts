import { once } from "node:events";
import { METHODS } from "node:http";
import { connect, type Socket } from "node:net";
import type { Random } from "../../random.ts";

/** Methods that neither end the connection nor wait for more. */
const methods = METHODS.filter((method) => method !== "CONNECT");

/** The end of the headers of a response. None of the responses has a body. */
const END = "\r\n\r\n";

/** A connection that sends many requests at a time, without waiting for a response to each. */
export class PipelinedConnection {
  readonly #socket: Socket;
  readonly #random: Random;
  #pending = 0;
  #tail = "";
  #answered: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(socket: Socket, random: Random) {
    this.#socket = socket;
    this.#random = random;
    socket.setEncoding("latin1").on("data", (text: string) => this.#count(text));
    socket.on("close", () => this.#answered.reject(new Error("the server closed the connection")));
    socket.on("error", (error) => this.#answered.reject(error));
  }

  static async open(port: number, random: Random): Promise<PipelinedConnection> {
    const socket = connect(port, "localhost");
    await once(socket, "connect");
    return new PipelinedConnection(socket, random);
  }

  /** Sends requests of random URLs, hosts, methods and user agents, and waits for all responses. */
  async send(requests: number): Promise<void> {
    this.#pending = requests;
    this.#answered = Promise.withResolvers();
    let text = "";
    for (let request = 0; request < requests; request += 1) text += this.#randomRequest();
    this.#socket.write(text);
    await this.#answered.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #randomRequest(): string {
    const word = (): string => this.#random.below(2 ** 31).toString(36);
    const method = methods[this.#random.below(methods.length)];
    return (
      `${method} /${word()}/${word()}?${word()}=${word()} HTTP/1.1\r\n` +
      `Host: ${word()}.example:${this.#random.below(65_536)}\r\nUser-Agent: ${word()} ${word()}\r\n\r\n`
    );
  }

  #count(text: string): void {
    const all = this.#tail + text;
    this.#pending -= all.split(END).length - 1;
    this.#tail = all.slice(
      Math.max(all.lastIndexOf(END) + END.length, all.length - END.length + 1),
    );
    if (this.#pending <= 0) this.#answered.resolve();
  }
}
