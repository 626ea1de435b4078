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
import { type Fault, Faults } from "./fault.ts";
import { serveGrpc } from "./grpc.ts";
import { createListener } from "./http.ts";
import { type Received, ReceivedStore } from "./store.ts";

export interface ReceiverOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, any free one. */
  readonly port?: number;
  /** 0: any free one; undefined: no gRPC. */
  readonly grpcPort?: number;
  /** PEM; undefined: no TLS. With `ca`, clients must show a certificate of it. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** How many spans, log records, … are kept; the oldest go first. Default: 100,000. */
  readonly maxItems?: number;
  /** What each kind of them may take in memory, about. Default: 128 MiB. */
  readonly maxBytes?: number;
}

/** A small collector and Sentry in one, in memory. */
export interface Receiver extends Received {
  /** `http://127.0.0.1:4318`: fits `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly port: number;
  /** Undefined without `grpcPort`. */
  readonly grpcUrl: string | undefined;
  /** Fits `SENTRY_DSN`; project 1, key `key`. */
  readonly dsn: string;
  /**
   * Resolves with what `look` finds (anything but undefined and false), as soon as
   * it arrives. Rejects after `timeoutMs` (default: two minutes) with what there is
   * instead; `what` names the missing thing in that message.
   */
  waitFor<T>(
    find: (received: Received) => T | undefined | false,
    what?: string,
    timeoutMs?: number,
  ): Promise<T>;
  /**
   * Resolves when nobody is connected any more: what a process had handed to the
   * kernel before its end may be read after Node has told of that end. Rejects after two minutes.
   */
  settled(): Promise<void>;
  /** Forgets all that came in. */
  clear(): void;
  /** What the next requests meet; none: all is well again. */
  setFaults(...faults: readonly Fault[]): void;
  /** Ends all connections, frees the ports, and rejects what `waitFor` still waits for. */
  close(): Promise<void>;
}

/** It bounds failures only: above what a busy machine takes to start a process or to end it. */
const DEFAULT_TIMEOUT_MS = 120_000;

/** Starts a receiver. Rejects where the port is taken. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const host = options.host ?? "127.0.0.1";
  const store = new ReceivedStore(
    options.maxItems ?? 100_000,
    options.maxBytes ?? 128 * 1024 * 1024,
  );
  const faults = new Faults();
  const http = startHttp(options, store, faults);
  const port = await listen(http, options.port ?? 0, host);
  const grpc = options.grpcPort === undefined ? undefined : startGrpc(options, store, faults);
  const grpcPort = grpc && (await listen(grpc.server, options.grpcPort ?? 0, host));
  const scheme = options.tls === undefined ? "http" : "https";
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    get spans() {
      return store.spans;
    },
    get logs() {
      return store.logs;
    },
    get metrics() {
      return store.metrics;
    },
    get items() {
      return store.items;
    },
    get events() {
      return store.events;
    },
    get requests() {
      return store.requests;
    },
    url: `${scheme}://${name}:${port}`,
    port,
    grpcUrl: grpcPort === undefined ? undefined : `${scheme}://${name}:${grpcPort}`,
    dsn: `${scheme}://key@${name}:${port}/1`,
    waitFor: (find, what = "match", timeoutMs = DEFAULT_TIMEOUT_MS) =>
      store.waitFor(find, what, timeoutMs),
    settled: () => waitUntilDisconnected(grpc === undefined ? [http] : [http, grpc.server]),
    clear: () => store.clear(),
    setFaults: (...list) => faults.set(list),
    close: async () => {
      store.close();
      await Promise.all([closeHttp(http), grpc?.close()]);
    },
  };
}

function startHttp(options: ReceiverOptions, store: ReceivedStore, faults: Faults): Server {
  const listener = createListener(store, faults);
  if (options.tls === undefined) return createServer(listener);
  return createHttpsServer(tlsOf(options.tls), listener);
}

function startGrpc(
  options: ReceiverOptions,
  store: ReceivedStore,
  faults: Faults,
): { server: Http2Server | Http2SecureServer; close(): Promise<void> } {
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
    // A connection may be waiting to be accepted: by the next immediate it is, which a
    // timer is not enough for where the loop was blocked for longer than it.
    await pause(5);
    await nextImmediate();
    const counts = await Promise.all(servers.map(countConnections));
    if (counts.every((count) => count === 0)) return;
  } while (performance.now() < end);
  throw new Error(`somebody is still connected after ${DEFAULT_TIMEOUT_MS} ms`);
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
