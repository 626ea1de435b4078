import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

interface SocketLike extends Pick<EventEmitter, "once"> {
  readonly io: {
    readonly engine: Pick<EventEmitter, "once"> & { readonly transport: { readonly name: string } };
  };
  emit(event: string, ...args: unknown[]): void;
  disconnect(): void;
}

interface ClientModule {
  readonly io: (url: string, options: object) => SocketLike;
}

const client = createRequire(import.meta.url)("socket.io-client") as ClientModule;

/** Connects a client of Socket.IO. */
export const io: ClientModule["io"] = client.io;

/** `both`: starts with polling and upgrades to a WebSocket, as browsers do. */
export type Transport = "websocket" | "polling" | "both";

export interface SocketOptions {
  readonly url: string;
  readonly transport: Transport;
  readonly namespace?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: Readonly<Record<string, unknown>>;
}

/** A client of a Socket.IO server. */
export class SocketClient {
  readonly #socket: SocketLike;

  private constructor(socket: SocketLike) {
    this.#socket = socket;
  }

  /** @throws the server's error, if it rejects the client */
  static async open(options: SocketOptions): Promise<SocketClient> {
    const { url, transport, namespace = "/", headers, auth } = options;
    const socket = io(url + namespace, {
      transports: transport === "both" ? ["polling", "websocket"] : [transport],
      extraHeaders: headers,
      auth,
      forceNew: true,
      reconnection: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("connect_error", (error: Error) => {
        socket.disconnect();
        reject(error);
      });
    });
    return new SocketClient(socket);
  }

  /** Waits for the upgrade to a WebSocket. */
  async upgraded(): Promise<void> {
    const { engine } = this.#socket.io;
    if (engine.transport.name === "websocket") return;
    await new Promise((resolve) => engine.once("upgrade", resolve));
  }

  /** Emits an event, and returns its acknowledgement. */
  request(event: string, ...args: unknown[]): Promise<unknown> {
    return new Promise((resolve) => this.#socket.emit(event, ...args, resolve));
  }

  send(event: string, ...args: unknown[]): void {
    this.#socket.emit(event, ...args);
  }

  close(): void {
    this.#socket.disconnect();
  }
}
