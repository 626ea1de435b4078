import { once } from "node:events";
import { createServer, type Server } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server as NetServer } from "node:net";
import { setImmediate as nextImmediate, setTimeout as pause } from "node:timers/promises";
import { OWN_SERVER } from "../context/own-server.ts";
import { type Fault, Faults } from "./fault.ts";
import { serveGrpc } from "./grpc.ts";
import { createListener } from "./http.ts";
import { type Received, ReceivedStore } from "./store.ts";

export interface ReceiverOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, any free port. */
  readonly port?: number;
  /** 0: any free port. Default: no gRPC. */
  readonly grpcPort?: number;
  /** PEM. Default: no TLS. With `ca`, client certificates of that authority are required. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** Maximum number of stored items of each kind. The oldest are dropped. Default: 100,000. */
  readonly maxItems?: number;
  /** Approximate memory limit of each kind, in bytes. Default: 128 MiB. */
  readonly maxBytes?: number;
  /** Whether it keeps the process alive until it is closed. Default: true. */
  readonly keepsAlive?: boolean;
}

/** An OTLP and Sentry receiver that stores everything in memory. */
export interface Receiver extends Received {
  /** A value for `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:4318`. */
  readonly url: string;
  readonly port: number;
  /** Undefined without `grpcPort`. */
  readonly grpcUrl: string | undefined;
  /** A value for `SENTRY_DSN`, with project 1 and key `key`. */
  readonly dsn: string;
  /**
   * Resolves with the result of `find` as soon as it is neither undefined nor false.
   * Rejects after `timeoutMs` (default: two minutes) with a summary of the received
   * items.
   *
   * @param what names the missing item in that message.
   */
  waitFor<T>(
    find: (received: Received) => T | undefined | false,
    what?: string,
    timeoutMs?: number,
  ): Promise<T>;
  /**
   * Resolves when no client is connected any more: data that a process has sent before
   * its exit may be received after Node has reported that exit. Rejects after two minutes.
   */
  settled(): Promise<void>;
  /** Deletes all stored items. */
  clear(): void;
  /** Sets the faults of the next requests, or ends them without arguments. */
  setFaults(...faults: readonly Fault[]): void;
  /** Closes all connections, frees the ports, and rejects pending `waitFor` calls. */
  close(): Promise<void>;
}

/** Affects failures only. Longer than a busy machine takes to start or stop a process. */
const DEFAULT_TIMEOUT_MS = 120_000;

/** Starts a receiver. Rejects if the port is in use. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const host = options.host ?? "127.0.0.1";
  const store = new ReceivedStore(
    options.maxItems ?? 100_000,
    options.maxBytes ?? 128 * 1024 * 1024,
  );
  const faults = new Faults();
  const http = startHttp(options, store, faults);
  const port = await listen(http, options.port ?? 0, host);
  if (options.keepsAlive === false) http.unref();
  const grpc = options.grpcPort === undefined ? undefined : startGrpc(options, store, faults);
  const grpcPort = grpc && (await listen(grpc.server, options.grpcPort ?? 0, host));
  const scheme = options.tls === undefined ? "http" : "https";
  const name = host.includes(":") ? `[${host}]` : host;
  return new RunningReceiver(
    store,
    faults,
    { http, grpc },
    {
      url: `${scheme}://${name}:${port}`,
      port,
      grpcUrl: grpcPort === undefined ? undefined : `${scheme}://${name}:${grpcPort}`,
      dsn: `${scheme}://key@${name}:${port}/1`,
    },
  );
}

interface Servers {
  readonly http: Server;
  readonly grpc: GrpcServer | undefined;
}

class RunningReceiver implements Receiver {
  readonly url: string;
  readonly port: number;
  readonly grpcUrl: string | undefined;
  readonly dsn: string;
  readonly #store: ReceivedStore;
  readonly #faults: Faults;
  readonly #servers: Servers;

  constructor(
    store: ReceivedStore,
    faults: Faults,
    servers: Servers,
    addresses: Pick<Receiver, "url" | "port" | "grpcUrl" | "dsn">,
  ) {
    this.#store = store;
    this.#faults = faults;
    this.#servers = servers;
    this.url = addresses.url;
    this.port = addresses.port;
    this.grpcUrl = addresses.grpcUrl;
    this.dsn = addresses.dsn;
  }

  get spans(): Received["spans"] {
    return this.#store.spans;
  }

  get logs(): Received["logs"] {
    return this.#store.logs;
  }

  get metrics(): Received["metrics"] {
    return this.#store.metrics;
  }

  get items(): Received["items"] {
    return this.#store.items;
  }

  get events(): Received["events"] {
    return this.#store.events;
  }

  get feedback(): Received["feedback"] {
    return this.#store.feedback;
  }

  get checkIns(): Received["checkIns"] {
    return this.#store.checkIns;
  }

  get sessions(): Received["sessions"] {
    return this.#store.sessions;
  }

  get clientReports(): Received["clientReports"] {
    return this.#store.clientReports;
  }

  get requests(): Received["requests"] {
    return this.#store.requests;
  }

  waitFor<T>(
    find: (received: Received) => T | undefined | false,
    what = "match",
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<T> {
    return this.#store.waitFor(find, what, timeoutMs);
  }

  settled(): Promise<void> {
    const { http, grpc } = this.#servers;
    return waitUntilDisconnected(grpc === undefined ? [http] : [http, grpc.server]);
  }

  clear(): void {
    this.#store.clear();
  }

  setFaults(...faults: readonly Fault[]): void {
    this.#faults.set(faults);
  }

  async close(): Promise<void> {
    const { http, grpc } = this.#servers;
    this.#store.close();
    await Promise.all([closeHttp(http), grpc?.close()]);
  }
}

function startHttp(options: ReceiverOptions, store: ReceivedStore, faults: Faults): Server {
  const listener = createListener(store, faults);
  const { tls } = options;
  const server =
    tls === undefined ? createServer(listener) : createHttpsServer(tlsOf(tls), listener);
  return Object.defineProperty(server, OWN_SERVER, { value: true });
}

interface GrpcServer {
  readonly server: Http2Server | Http2SecureServer;
  close(): Promise<void>;
}

function startGrpc(options: ReceiverOptions, store: ReceivedStore, faults: Faults): GrpcServer {
  const server =
    options.tls === undefined ? createHttp2Server() : createSecureServer(tlsOf(options.tls));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  serveGrpc(server, store, faults);
  return {
    server,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

function tlsOf(tls: NonNullable<ReceiverOptions["tls"]>): object {
  return { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: tls.ca !== undefined };
}

async function listen(server: NetServer, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function waitUntilDisconnected(servers: readonly NetServer[]): Promise<void> {
  const end = performance.now() + DEFAULT_TIMEOUT_MS;
  do {
    // A pending connection is accepted by the next immediate. The timer alone is not enough
    // if the event loop was blocked for longer than its delay.
    await pause(5);
    await nextImmediate();
    const counts = await Promise.all(servers.map(countConnections));
    if (counts.every((count) => count === 0)) return;
  } while (performance.now() < end);
  throw new Error(`a client is still connected after ${DEFAULT_TIMEOUT_MS} ms`);
}

function countConnections(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

async function closeHttp(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
