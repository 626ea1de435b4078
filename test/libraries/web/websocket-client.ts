import { once } from "node:events";
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

interface WebSocketLike extends EventEmitter {
  send(text: string): void;
  close(): void;
  terminate(): void;
  /** The network socket, once it is open. */
  readonly _socket: { write(bytes: Buffer): void };
}

interface WebSocketModule {
  readonly WebSocket: new (
    url: string,
    options: { headers: Readonly<Record<string, string>> },
  ) => WebSocketLike;
}

const ws = createRequire(import.meta.url)("ws") as WebSocketModule;

/** The class of `ws`. */
export const WebSocket: WebSocketModule["WebSocket"] = ws.WebSocket;

/** A client of a WebSocket server, by `ws`. */
export class WebSocketClient {
  readonly #socket: WebSocketLike;

  private constructor(socket: WebSocketLike) {
    this.#socket = socket;
  }

  /** @throws Error with the status of the response, or with the reason why there is none */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<WebSocketClient> {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
    await once(socket, "open");
    return new WebSocketClient(socket);
  }

  /** Sends a text, and returns the next message. */
  async request(text: string): Promise<string> {
    const response = once(this.#socket, "message");
    this.#socket.send(text);
    const [data] = (await response) as [Buffer];
    return data.toString();
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Closes the connection, and waits until the other side has closed it too. */
  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
