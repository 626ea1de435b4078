import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { startSilentHost } from "../../export/silent-host.ts";
import { decompress, storeEnvelope, storeExport } from "../../../src/testing/ingest.ts";
import { ReceivedStore } from "../../../src/testing/store.ts";

/** The four kinds of telemetry, each with a receiver of its own. */
export type Signal = "traces" | "metrics" | "logs" | "errors";

export const signals: readonly Signal[] = ["traces", "metrics", "logs", "errors"];

/** A request that a peer has read. */
export interface Post {
  /** When it was read, in milliseconds of `performance.now()`. */
  readonly at: number;
  /** Equal for the attempts to send the same items. */
  readonly key: string;
}

/** What listens on the port of a signal. */
export interface Peer {
  readonly posts: readonly Post[];
  /** Number of connections that were opened. */
  readonly connections: number;
  /** Number of items that it has accepted: spans, data points, log records or events. */
  readonly accepted: number;
  close(): Promise<void>;
}

export type StartPeer = (port: number, signal: Signal) => Promise<Peer>;

/** Responds to one request. `accept` stores its items, and must be called before a success. */
type Respond = (exchange: Exchange) => unknown;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** 1 for the first request with these items. */
  readonly attempt: number;
  readonly signal: Signal;
  /** Stores the items, except the last `rejected`. */
  readonly accept: (rejected?: number) => void;
}

interface TlsOptions {
  readonly key: string;
  readonly cert: string;
  /** Requires a client certificate of this authority. */
  readonly ca?: string;
}

const MAX_ITEMS = 1_000_000;
const MAX_BYTES = 1024 ** 3;

/** Starts a peer of HTTP. Without `tls` it has none. */
export function http(respond: Respond, tls?: () => TlsOptions): StartPeer {
  return async (port, signal) => {
    const store = new ReceivedStore(MAX_ITEMS, MAX_BYTES);
    const posts: Post[] = [];
    const attempts = new Map<string, number>();
    const listener: RequestListener = (request, response) => {
      response.on("error", noop);
      // Another process of this host, whose receiver had the port before.
      if (request.url?.includes(`/${port}/`) !== true) {
        response.writeHead(404).end();
        return;
      }
      void buffer(request).then((body) => {
        const key = keyOf(body, signal);
        attempts.set(key, (attempts.get(key) ?? 0) + 1);
        posts.push({ at: performance.now(), key });
        const accept = (rejected = 0): void => storeBody(store, request, body, signal, rejected);
        respond({ request, response, attempt: attempts.get(key) ?? 0, signal, accept });
      }, noop);
    };
    const server =
      tls === undefined ? createHttpServer(listener) : createHttpsServer(tlsOf(tls()), listener);
    return listening(server, port, posts, () => acceptedBy(store, signal));
  };
}

/** Starts a peer that sends any bytes after each request. */
export function raw(respond: (socket: Socket) => unknown): StartPeer {
  return (port, signal) => {
    const posts: Post[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let received = Buffer.alloc(0);
      socket.on("data", (part: Buffer) => {
        received = Buffer.concat([received, part]);
        const end = requestEnd(received);
        if (end === undefined) return;
        posts.push({ at: performance.now(), key: keyOf(received.subarray(...end), signal) });
        received = received.subarray(end[1]);
        respond(socket);
      });
    });
    return listening(server, port, posts, () => 0);
  };
}

/** Accepts connections, and reads nothing. */
export const noRead: StartPeer = (port) =>
  listening(createServer({ pauseOnConnect: true }), port, [], () => 0);

/** Nothing listens: connections are refused. */
export const closed: StartPeer = () =>
  Promise.resolve({ posts: [], connections: 0, accepted: 0, close: () => Promise.resolve() });

/** Neither accepts nor refuses connections. */
export const silent: StartPeer = async (port) => {
  const host = await startSilentHost(port);
  return { posts: [], connections: 0, accepted: 0, close: () => host.close() };
};

/** Accepts everything. */
export const healthy: StartPeer = http(({ response, accept }) => {
  accept();
  response.end();
});

/** Accepts everything over TLS. */
export const healthyTls: StartPeer = http(
  ({ response, accept }) => {
    accept();
    response.end();
  },
  () => certificates().server,
);

/** Returns a peer of TLS that accepts everything, for a client that trusts it. */
export function secure(tls: (certificates: Certificates) => TlsOptions): StartPeer {
  return http(
    ({ response, accept }) => {
      accept();
      response.end();
    },
    () => tls(certificates()),
  );
}

/** Responds with a status, for the first `times` attempts of each request; then accepts. */
export function status(
  code: number,
  headers: Readonly<Record<string, string | (() => string)>> = {},
  times: number = Infinity,
): StartPeer {
  return http(({ response, attempt, accept }) => {
    if (attempt > times) {
      accept();
      response.end();
      return;
    }
    for (const [name, value] of Object.entries(headers))
      response.setHeader(name, typeof value === "string" ? value : value());
    response.writeHead(code).end();
  });
}

/** Sends the given part of a response every 50 ms, without end. */
export function sendSlowly(head: string, part: string): StartPeer {
  return raw((socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(part), 50);
    socket.on("close", () => clearInterval(timer));
  });
}

/** A response body of 10 MB, compressed to 10 KB. */
export function gzipBomb(): Buffer {
  return gzipSync(Buffer.alloc(10_000_000));
}

/** Returns the certificates of all rows, which are made once. */
export function certificates(): Certificates {
  made.certificates ??= makeCertificates();
  return made.certificates;
}

const made: { certificates?: Certificates } = {};

async function listening(
  server: Server,
  port: number,
  posts: readonly Post[],
  accepted: () => number,
): Promise<Peer> {
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket.on("error", noop).on("close", () => sockets.delete(socket)));
  });
  server.on("tlsClientError", noop);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    posts,
    get connections() {
      return connections;
    },
    get accepted() {
      return accepted();
    },
    close: async () => {
      const ended = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
}

function storeBody(
  store: ReceivedStore,
  request: IncomingMessage,
  rawBody: Buffer,
  signal: Signal,
  rejected: number,
): void {
  const { headers } = request;
  const body = decompress(headers["content-encoding"] ?? "", rawBody);
  if (signal === "errors") {
    storeEnvelope(store, body, "1", "key");
    return;
  }
  const fault = { kind: "partial", rejected } as const;
  storeExport(store, signal, headers["content-type"] ?? "", body, fault);
}

function acceptedBy(store: ReceivedStore, signal: Signal): number {
  if (signal === "traces") return store.spans.length;
  if (signal === "logs") return store.logs.length;
  if (signal === "errors") return store.events.length;
  return store.metrics.reduce((sum, { points }) => sum + points.length, 0);
}

/** An envelope that is sent again has another `sent_at`, but the same id. */
function keyOf(body: Buffer, signal: Signal): string {
  const id = /^\{"[^\n]*"event_id":"([0-9a-f]{32})"/.exec(body.toString("latin1", 0, 500))?.[1];
  return signal === "errors" && id !== undefined
    ? id
    : createHash("sha1").update(body).digest("hex");
}

/** Returns where the body of the first request starts and ends; undefined if it is incomplete. */
function requestEnd(received: Buffer): [number, number] | undefined {
  const head = received.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const length = /content-length: (\d+)/i.exec(received.toString("latin1", 0, head))?.[1];
  const end = head + 4 + Number(length ?? 0);
  return received.length >= end ? [head + 4, end] : undefined;
}

function tlsOf(tls: TlsOptions): object {
  return { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: tls.ca !== undefined };
}

function noop(): void {}
