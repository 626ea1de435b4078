import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { lazy } from "../lazy.ts";
import type { Config } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import { clusterWorkerId } from "./cluster.ts";
import type { Connections } from "./connections.ts";
import { Turn } from "./turn.ts";
import type { AdminOptions, AnswerOptions } from "./options.ts";
import { OWN_SERVER } from "../context/own-server.ts";

const loadAnswer = lazy<typeof import("./answer.ts")>("admin/answer.ts");

/** `/metrics`, `/healthz`, `/livez`, `/readyz`. Never holds the process open, never throws. */
export interface Admin {
  /** Listens when it is this process's turn. */
  start(): void;
  stop(): void;
}

/**
 * The server of the contract's port. It also runs when Prometheus is not among
 * the metric exporters: probes of health must not depend on where metrics go.
 */
export function createAdmin(options: AdminOptions): Admin {
  return new AdminServer(options);
}

/** Requests are a line and some headers, and come from near: what takes longer or is larger is an attack or an accident. */
const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 10_000,
} as const;

/** After so long without a byte in either direction a connection is closed: who reads no answer keeps none. */
const SILENCE_MS = 10_000;

/** Beyond what is kept (`connections.ts`) there is only who comes at the same time. */
const MOST_CONNECTIONS = 128;

const RETRY_MS = 30_000;

/**
 * By its number: looking the name up would show in what an app observes of its
 * look-ups. The other one where the first is not there.
 */
const LOOPBACK = ["127.0.0.1", "::1"] as const;

class AdminServer implements Admin {
  readonly #options: AdminOptions;
  readonly #turn: Turn;
  #server: Server | undefined = undefined;
  #retry: NodeJS.Timeout | undefined = undefined;
  #stopped = false;
  #refused = false;
  #address = "";
  #connections: Connections | undefined = undefined;
  #loopback: 0 | 1 = 0;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#turn = new Turn({
      isOwn: (server) => typeof server === "object" && server !== null && OWN_SERVER in server,
      hasServed: options.hasServed ?? (() => false),
      ...(options.idleMs !== undefined && { idleMs: options.idleMs }),
      onOpen: () => this.#listen(),
      onGiveUp: () => this.#leave(),
    });
  }

  start(): void {
    this.#turn.start();
  }

  stop(): void {
    this.#stopped = true;
    this.#turn.stop();
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }

  /** To the app that this process has just started. */
  #leave(): void {
    if (this.#server === undefined && this.#retry === undefined) return;
    this.#close();
    this.#tryAgain();
  }

  #tryAgain(): void {
    this.#retry = setTimeout(() => this.#listen(), this.#options.retryMs ?? RETRY_MS).unref();
  }

  #listen(): void {
    if (this.#stopped || this.#server !== undefined) return;
    clearTimeout(this.#retry);
    if (this.#turn.isLeft) {
      this.#tryAgain();
      return;
    }
    const { port } = this.#options.config.admin;
    const host = this.#host();
    try {
      const server = this.#createServer();
      this.#server = server;
      // `exclusive`: in a cluster's worker a shared port would answer each scrape from another process.
      server.listen({ host, port, exclusive: true }, () => this.#opened());
      server.unref();
    } catch (error) {
      this.#failed(error);
    }
  }

  #host(): string {
    const { host } = this.#options.config.admin;
    return host === "localhost" ? LOOPBACK[this.#loopback] : host;
  }

  #createServer(): Server {
    const server = createServer(limits, (request, response) => this.#answer(request, response));
    Object.defineProperty(server, OWN_SERVER, { value: true });
    server.maxConnections = MOST_CONNECTIONS;
    server.timeout = this.#options.silenceMs ?? SILENCE_MS;
    server.on("timeout", (socket: Socket) => this.#connections?.silent(socket));
    server.on("connection", (socket: Socket) => this.#accept(socket));
    server.on("clientError", refuse);
    // Once it listens, an error is one connection's that could not be accepted.
    server.on("error", (error) => server.listening || this.#failed(error));
    return server;
  }

  #accept(socket: Socket): void {
    release(socket);
    try {
      this.#connections ??= new (loadAnswer().Connections)();
      this.#connections.add(socket);
    } catch (error) {
      this.#options.diagnostics.error("admin", `a connection can't be kept: ${String(error)}`);
      socket.destroy();
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      if (this.#connections?.begin(request.socket, response) !== true) return;
      const options: AnswerOptions = { ...this.#options, address: this.#address };
      void runSuppressed(() => loadAnswer().answer(request, response, options));
    } catch (error) {
      this.#options.diagnostics.error("admin", `a request could not be answered: ${String(error)}`);
      response.destroy();
    }
  }

  #opened(): void {
    const { config, diagnostics } = this.#options;
    const { host } = config.admin;
    const address = this.#server?.address();
    // Where any port will do, only the system knows which one it is.
    const open = typeof address === "object" && address !== null ? address : undefined;
    const port = open?.port ?? config.admin.port;
    this.#address = open?.address ?? host;
    if (this.#refused) {
      diagnostics.warn(
        "admin opened",
        `port ${port} is free again: metrics and health are on ${host}:${port}`,
      );
    } else {
      diagnostics.debug("admin opened", `metrics and health are on ${host}:${port}`);
    }
  }

  /** The app runs on without a port; whoever had it may go, as in a rolling restart. */
  #failed(error: unknown): void {
    this.#server = undefined;
    if (this.#loopback === 0 && this.#host() === LOOPBACK[0] && isNoAddress(error)) {
      this.#loopback = 1;
      this.#listen();
      return;
    }
    if (!this.#refused) this.#tell(error);
    this.#refused = true;
    if (!this.#stopped) this.#tryAgain();
  }

  /** One line; in a cluster one for all of its workers. */
  #tell(error: unknown): void {
    const { config, diagnostics } = this.#options;
    const worker = clusterWorkerId();
    const line = `${reasonOf(error, config.admin, worker !== undefined)}; the app runs on without /metrics and /healthz, and the port is tried again every ${RETRY_MS / 1000} s`;
    if (worker === undefined || worker === 1) diagnostics.warn("admin failed", line);
    else diagnostics.debug("admin failed", line);
  }
}

/** No IPv4 on this machine. */
function isNoAddress(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

/** A scraper's idle connection must not keep a process that has nothing else to do. */
function release(socket: Socket): void {
  socket.unref();
}

/**
 * What is no HTTP, or only the beginning of it. Nothing here may throw: the app
 * would end over somebody's garbage (CVE-2026-44902). And `end` alone would leave
 * the connection to a peer that doesn't end its side: HTTP servers allow half of one.
 */
function refuse(_error: Error, socket: Duplex & { destroySoon?(): void }): void {
  if (socket.writable && socket.destroySoon !== undefined) {
    socket.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    socket.destroySoon();
  } else socket.destroy();
}

function reasonOf(error: unknown, { host, port }: Config["admin"], inCluster: boolean): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const where = `port ${port} on ${host}`;
  switch (code) {
    case "EADDRINUSE":
      return inCluster
        ? `${where} is held by another process of this cluster, whose page shows that process alone; OTEL_METRICS_EXPORTER=otlp sends the metrics of each`
        : `${where} is in use by another process; set OTEL_EXPORTER_PROMETHEUS_PORT to a free one`;
    case "EACCES":
      return `${where} is not allowed; set OTEL_EXPORTER_PROMETHEUS_PORT to one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is no address of this machine; set OTEL_EXPORTER_PROMETHEUS_HOST to one that is`;
    default:
      return `${where} can't be opened (${code})`;
  }
}
