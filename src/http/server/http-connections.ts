import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type SocketWithRequests, IN_FLIGHT } from "../../context/in-flight-requests.ts";
import { HttpConnection } from "./http-connection.ts";
import { HttpServerRequest } from "./server-request.ts";

export type HttpSocket = Socket &
  SocketWithRequests & {
    /** Node's parser, where it reads HTTP/1 from the connection. */
    readonly parser?: { readonly incoming?: unknown } | null;
  };

/** Open connections of HTTP servers, with one `close` listener for each. */
export class HttpConnections {
  readonly #open = new Set<HttpConnection>();
  readonly #onRequestClosed: (unit: HttpServerRequest, socket: Socket) => void;

  /** @param onRequestClosed called for each request in flight of a closed connection. */
  constructor(onRequestClosed: (unit: HttpServerRequest, socket: Socket) => void) {
    this.#onRequestClosed = onRequestClosed;
  }

  /** Returns the connection that all requests of a socket share; a new one for a request without a socket. */
  of(request: IncomingMessage): HttpConnection {
    const socket = request.socket as HttpSocket | undefined;
    const known = socket?.[IN_FLIGHT];
    if (known instanceof HttpConnection) return known;
    const connection = new HttpConnection(socket);
    if (typeof socket?.prependOnceListener === "function") this.#watch(socket, connection);
    return connection;
  }

  /** Returns the requests in flight, as a copy: ending one removes it from its connection. */
  requests(): HttpServerRequest[] {
    return [...this.#open].flatMap(({ units }) =>
      units.filter((unit) => unit instanceof HttpServerRequest),
    );
  }

  #watch(socket: HttpSocket, connection: HttpConnection): void {
    socket[IN_FLIGHT] = connection;
    this.#open.add(connection);
    // Runs before Node notifies the requests of the connection.
    socket.prependOnceListener("close", () => {
      this.#open.delete(connection);
      for (const unit of connection.units)
        if (unit instanceof HttpServerRequest) this.#onRequestClosed(unit, socket);
    });
  }
}
