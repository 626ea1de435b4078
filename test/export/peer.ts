import { once } from "node:events";
import {
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A peer that answers each request with bytes of the test's choice. */
export interface Peer {
  readonly url: string;
  /** Requests that came in whole. */
  readonly requests: number;
  close(): Promise<void>;
}

/** Writes an answer; the connection stays open unless it ends it. */
export type RawResponse = (socket: Socket, request: number) => unknown;

/** HTTP/1.1 by hand: whatever a server could send, and no library would. */
export async function startRawPeer(respond: RawResponse): Promise<Peer> {
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
  }).listen(0, "127.0.0.1");
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

/** Of the first request in it; 0: it is not there in full. */
function requestEnd(received: Buffer): number {
  const head = received.indexOf("\r\n\r\n");
  if (head === -1) return 0;
  const length = /content-length: (\d+)/i.exec(received.subarray(0, head).toString("latin1"))?.[1];
  const end = head + 4 + Number(length ?? 0);
  return received.length >= end ? end : 0;
}

/** A call of gRPC is answered with these headers at once, without a message. */
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
