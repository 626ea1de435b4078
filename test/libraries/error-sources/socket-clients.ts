import { io } from "../web/socket-io-client.ts";
import { WebSocket } from "../web/websocket-client.ts";
import type { Exchange, Outcome, SourceClient } from "./http-client.ts";

/** A client of `apps/ws.mjs`, with a connection for each value. */
export class WebSocketSource implements SourceClient {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves with the text of the response, or without one when the app has thrown. */
  send({ id, path }: Exchange, disconnect?: Promise<unknown>): Promise<Outcome> {
    const url = `ws://127.0.0.1:${this.#port}${path}`;
    const socket = new WebSocket(url, { headers: { "x-request-id": id } });
    socket.on("error", () => {});
    socket.on("open", () => {
      if (path.startsWith("/closed/")) socket.close();
      else if (path.startsWith("/client/")) socket._socket.write(INVALID_FRAME);
      else socket.send("now");
    });
    return new Promise<Outcome>((resolve) => {
      socket.on("message", (data: Buffer) => resolve({ status: undefined, text: String(data) }));
      void disconnect?.then(
        () => resolve({ status: undefined }),
        () => resolve({ status: undefined }),
      );
    }).finally(() => socket.terminate());
  }

  close(): void {}
}

/** Frames of clients must be masked. */
const INVALID_FRAME: Buffer = Buffer.from([0x81, 0x00]);

/** A client of `apps/socket-io.mjs`, with a connection for each value. */
export class SocketIoSource implements SourceClient {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves with the acknowledgement, or without one when the app has thrown. */
  send({ id, path }: Exchange, disconnect?: Promise<unknown>): Promise<Outcome> {
    const [, place = "", value = ""] = path.split("/");
    const socket = io(`http://127.0.0.1:${this.#port}`, {
      transports: ["websocket"],
      extraHeaders: { "x-request-id": id },
      query: { place, value },
      forceNew: true,
      reconnection: false,
    });
    return new Promise<Outcome>((resolve) => {
      socket.once("connect", () => {
        if (place === "closed") socket.disconnect();
        else socket.emit(place, value, (text: string) => resolve({ status: undefined, text }));
      });
      void disconnect?.then(
        () => resolve({ status: undefined }),
        () => resolve({ status: undefined }),
      );
    }).finally(() => socket.disconnect());
  }

  close(): void {}
}
