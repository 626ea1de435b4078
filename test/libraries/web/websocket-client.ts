import { once } from "node:events";
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

interface WebSocketLike extends EventEmitter {
  send(text: string): void;
  close(): void;
  terminate(): void;
}

const { WebSocket } = createRequire(import.meta.url)("ws") as {
  readonly WebSocket: new (
    url: string,
    options: { headers: Readonly<Record<string, string>> },
  ) => WebSocketLike;
};

/** A client of a WebSocket server, by `ws`. */
export class WebSocketClient {
  readonly #socket: WebSocketLike;

  private constructor(socket: WebSocketLike) {
    this.#socket = socket;
  }

  /** @throws Error with the status that was answered instead, or why there is no answer */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<WebSocketClient> {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
    await once(socket, "open");
    return new WebSocketClient(socket);
  }

  /** What is answered. */
  async ask(text: string): Promise<string> {
    const answer = once(this.#socket, "message");
    this.#socket.send(text);
    const [data] = (await answer) as [Buffer];
    return data.toString();
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Until the other side has closed, too. */
  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
