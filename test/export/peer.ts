import { once } from "node:events";
import {
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A peer that responds to each request with given bytes. */
export interface Peer {
  readonly url: string;
  /** Number of complete requests. */
  readonly requests: number;
  close(): Promise<void>;
}

/** Writes a response. The connection stays open unless it closes it. */
export type RawResponse = (socket: Socket, request: number) => unknown;

/**
 * Starts a server of HTTP/1.1 that can send anything, also what no library would.
 *
 * @param port default: any free port.
 */
export async function startRawPeer(respond: RawResponse, port = 0): Promise<Peer> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => {}));
    let received = Buffer.alloc(0);
    socket.on("data", (part: Buffer) => {
      received = Buffer.concat([received, part]);
      for (let end = requestEnd(received); end > 0; end = requestEnd(received)) {
        received = received.subarray(end);
        requests++;
        respond(socket, requests);
      }
    });
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Returns the end of the first request; 0 if that is incomplete. */
function requestEnd(received: Buffer): number {
  const head = received.indexOf("\r\n\r\n");
  if (head === -1) return 0;
  const length = /content-length: (\d+)/i.exec(received.subarray(0, head).toString("latin1"))?.[1];
  const end = head + 4 + Number(length ?? 0);
  return received.length >= end ? end : 0;
}

/** Starts a gRPC server that responds to each call with these headers and no message. */
export async function startGrpcPeer(
  headers: Readonly<Record<string, string | string[]>>,
): Promise<Peer> {
  let requests = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server().listen(0, "127.0.0.1");
  server.on("session", (session) => {
    sessions.add(session.on("close", () => sessions.delete(session)).on("error", () => {}));
  });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    stream.resume().on("end", () => {
      requests++;
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", ...headers },
        {
          endStream: true,
        },
      );
    });
  });
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
