import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { constants, createSecureServer, type Http2Stream } from "node:http2";
import {
  type AddressInfo,
  connect,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { freePort } from "../../free-port.ts";

/** Servers for outgoing calls: some respond in every way, and some do not respond. */
export interface UpstreamServers {
  readonly plain: string;
  /** Origin of a server of HTTP/1 and HTTP/2. */
  readonly tls: string;
  /** Origin without a listener. */
  readonly refused: string;
  /** Origin of a server that closes every connection at once. */
  readonly abrupt: string;
  readonly socketPath: string;
  close(): Promise<void>;
}

export async function startUpstreamServers(tls: {
  key: string;
  cert: string;
}): Promise<UpstreamServers> {
  const plain = createServer((request, response) => void respond(request, response));
  plain.on("upgrade", upgrade).on("connect", tunnel);
  const secure = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
    if (request.httpVersion === "2.0") {
      void respond(request as unknown as IncomingMessage, response as unknown as ServerResponse);
      return;
    }
    if (request.url !== "/slow") response.end(JSON.stringify({ headers: request.headers }));
  });
  // An unread response keeps its connection open.
  plain.keepAliveTimeout = 60_000;
  const local = createServer((request, response) => void respond(request, response));
  const abrupt = createNetServer((socket) => socket.destroy());
  const servers = [plain, secure, abrupt, local];
  const sockets = new Set<Socket>();
  for (const server of servers) server.on("connection", (socket: Socket) => sockets.add(socket));
  const socketPath = join(tmpdir(), `telltale-upstream-${process.pid}-${Date.now()}`);
  local.listen(socketPath);
  await once(local, "listening");
  const ports = await Promise.all(servers.slice(0, 3).map(listen));
  return {
    plain: `http://127.0.0.1:${ports[0]}`,
    tls: `https://localhost:${ports[1]}`,
    abrupt: `http://127.0.0.1:${ports[2]}`,
    refused: `http://127.0.0.1:${await freePort()}`,
    socketPath,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([plain, secure, abrupt, local].map(closeServer));
    },
  };
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "", "http://upstream");
  const status = Number(/^\/status\/(\d+)$/.exec(pathname)?.[1] ?? 200);
  if (pathname === "/slow") return;
  if (pathname.startsWith("/midway")) {
    response.writeHead(200, { "content-length": 100 });
    response.write("a part");
    if (pathname === "/midway-slow") return;
    await setImmediate();
    if ("stream" in response)
      (response.stream as Http2Stream).close(constants.NGHTTP2_INTERNAL_ERROR);
    else response.destroy();
  } else if (pathname === "/cancelled" && "stream" in response) {
    (response.stream as Http2Stream).close(constants.NGHTTP2_CANCEL);
  } else if (pathname === "/large") {
    response.writeHead(200).end("x".repeat(1e6));
  } else if (pathname === "/redirect") {
    response.writeHead(302, { location: "/echo" }).end();
  } else if (pathname.endsWith("/echo")) {
    const body = await text(request);
    response.end(JSON.stringify({ headers: request.headers, raw: namesIn(request), body }));
  } else {
    response.writeHead(status).end(status === 204 ? undefined : "body");
  }
}

/** Counts how often each header was received, in any case. */
function namesIn({ rawHeaders }: IncomingMessage): Record<string, number> {
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  return Object.fromEntries(
    names.map((name) => [name, names.filter((one) => one === name).length]),
  );
}

/** Accepts a WebSocket that sends nothing, or echoes another protocol. */
function upgrade(request: IncomingMessage, socket: Duplex): void {
  const { upgrade: protocol = "", "sec-websocket-key": key } = request.headers;
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const proof = key === undefined ? "" : `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n`;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n${proof}\r\n`,
  );
  socket.on("error", () => {});
  // The response to a WebSocket's close frame is the same frame without its mask.
  socket.on("data", (data: Buffer) => {
    if (key === undefined) socket.end(data);
    else socket.end(Buffer.from([0x88, 0]));
  });
}

function tunnel(request: IncomingMessage, socket: Duplex): void {
  const { hostname, port } = new URL(`http://${request.url}`);
  const target = connect(Number(port), hostname, () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    socket.pipe(target).pipe(socket);
  });
  for (const side of [socket, target]) side.on("error", () => {});
}

async function listen(server: NetServer | Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: NetServer | Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
}
