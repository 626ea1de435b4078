import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { lazy } from "../lazy.ts";
import type { Config } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import { clusterWorkerId } from "./cluster.ts";
import type { ConnectionLimiter } from "./connection-limiter.ts";
import { PortClaim } from "./port-claim.ts";
import type { AdminDeps, RequestHandlerDeps } from "./options.ts";
import { ADMIN_SERVER } from "../context/admin-server.ts";

const loadHandler = lazy<typeof import("./handler.ts")>("admin/handler.ts");

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
export function createAdmin(options: AdminDeps): Admin {
  return new AdminServer(options);
}

/** Requests are a line and some headers, and come from near: what takes longer or is larger is an attack or an accident. */
const serverOptions = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 10_000,
} as const;

/** After so long without a byte in either direction a connection is closed: who reads no answer keeps none. */
const SOCKET_TIMEOUT_MS = 10_000;

/** Beyond what is kept (`connections.ts`) there is only who comes at the same time. */
const MAX_CONNECTIONS = 128;

const RETRY_MS = 30_000;

/**
 * By its number: looking the name up would show in what an app observes of its
 * look-ups. The other one where the first is not there.
 */
const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"] as const;

class AdminServer implements Admin {
  readonly #deps: AdminDeps;
  readonly #portClaim: PortClaim;
  #server: Server | undefined = undefined;
  #retryTimer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;
  #hasFailed = false;
  #address = "";
  #connectionLimiter: ConnectionLimiter | undefined = undefined;
  #loopbackIndex: 0 | 1 = 0;

  constructor(options: AdminDeps) {
    this.#deps = options;
    this.#portClaim = new PortClaim({
      isAdminServer: (server) =>
        typeof server === "object" && server !== null && ADMIN_SERVER in server,
      hasHandledWork: options.hasHandledWork ?? (() => false),
      ...(options.claimDelayMs !== undefined && { claimDelayMs: options.claimDelayMs }),
      onClaim: () => this.#listen(),
      onRelease: () => this.#releasePort(),
    });
  }

  start(): void {
    this.#portClaim.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#portClaim.stop();
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }

  /** To the app that this process has just started. */
  #releasePort(): void {
    if (this.#server === undefined && this.#retryTimer === undefined) return;
    this.#close();
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    this.#retryTimer = setTimeout(() => this.#listen(), this.#deps.retryMs ?? RETRY_MS).unref();
  }

  #listen(): void {
    if (this.#isStopped || this.#server !== undefined) return;
    clearTimeout(this.#retryTimer);
    if (this.#portClaim.isReleased) {
      this.#scheduleRetry();
      return;
    }
    const { port } = this.#deps.config.admin;
    const host = this.#host();
    try {
      const server = this.#createServer();
      this.#server = server;
      // `exclusive`: in a cluster's worker a shared port would answer each scrape from another process.
      server.listen({ host, port, exclusive: true }, () => this.#onListening());
      server.unref();
    } catch (error) {
      this.#onListenError(error);
    }
  }

  #host(): string {
    const { host } = this.#deps.config.admin;
    return host === "localhost" ? LOOPBACK_ADDRESSES[this.#loopbackIndex] : host;
  }

  #createServer(): Server {
    const server = createServer(serverOptions, (request, response) =>
      this.#handleRequest(request, response),
    );
    Object.defineProperty(server, ADMIN_SERVER, { value: true });
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = this.#deps.socketTimeoutMs ?? SOCKET_TIMEOUT_MS;
    server.on("timeout", (socket: Socket) => this.#connectionLimiter?.onTimeout(socket));
    server.on("connection", (socket: Socket) => this.#accept(socket));
    server.on("clientError", rejectMalformed);
    // Once it listens, an error is one connection's that could not be accepted.
    server.on("error", (error) => server.listening || this.#onListenError(error));
    return server;
  }

  #accept(socket: Socket): void {
    unrefConnection(socket);
    try {
      this.#connectionLimiter ??= new (loadHandler().ConnectionLimiter)();
      this.#connectionLimiter.add(socket);
    } catch (error) {
      this.#deps.diagnostics.error("admin", `a connection can't be kept: ${String(error)}`);
      socket.destroy();
    }
  }

  #handleRequest(request: IncomingMessage, response: ServerResponse): void {
    try {
      if (this.#connectionLimiter?.beginRequest(request.socket, response) !== true) return;
      const options: RequestHandlerDeps = { ...this.#deps, address: this.#address };
      void runSuppressed(() => loadHandler().handleRequest(request, response, options));
    } catch (error) {
      this.#deps.diagnostics.error("admin", `a request could not be answered: ${String(error)}`);
      response.destroy();
    }
  }

  #onListening(): void {
    const { config, diagnostics } = this.#deps;
    const { host } = config.admin;
    const address = this.#server?.address();
    // Where any port will do, only the system knows which one it is.
    const bound = typeof address === "object" && address !== null ? address : undefined;
    const port = bound?.port ?? config.admin.port;
    this.#address = bound?.address ?? host;
    if (this.#hasFailed) {
      diagnostics.warn(
        "admin opened",
        `port ${port} is free again: metrics and health are on ${host}:${port}`,
      );
    } else {
      diagnostics.debug("admin opened", `metrics and health are on ${host}:${port}`);
    }
  }

  /** The app runs on without a port; whoever had it may go, as in a rolling restart. */
  #onListenError(error: unknown): void {
    this.#server = undefined;
    if (
      this.#loopbackIndex === 0 &&
      this.#host() === LOOPBACK_ADDRESSES[0] &&
      isAddressUnavailable(error)
    ) {
      this.#loopbackIndex = 1;
      this.#listen();
      return;
    }
    if (!this.#hasFailed) this.#reportFailure(error);
    this.#hasFailed = true;
    if (!this.#isStopped) this.#scheduleRetry();
  }

  /** One line; in a cluster one for all of its workers. */
  #reportFailure(error: unknown): void {
    const { config, diagnostics } = this.#deps;
    const worker = clusterWorkerId();
    const line = `${failureReason(error, config.admin, worker !== undefined)}; the app runs on without /metrics and /healthz, and the port is tried again every ${RETRY_MS / 1000} s`;
    if (worker === undefined || worker === 1) diagnostics.warn("admin failed", line);
    else diagnostics.debug("admin failed", line);
  }
}

/** No IPv4 on this machine. */
function isAddressUnavailable(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

/** A scraper's idle connection must not keep a process that has nothing else to do. */
function unrefConnection(socket: Socket): void {
  socket.unref();
}

/**
 * What is no HTTP, or only the beginning of it. Nothing here may throw: the app
 * would end over somebody's garbage (CVE-2026-44902). And `end` alone would leave
 * the connection to a peer that doesn't end its side: HTTP servers allow half of one.
 */
function rejectMalformed(_error: Error, socket: Duplex & { destroySoon?(): void }): void {
  if (socket.writable && socket.destroySoon !== undefined) {
    socket.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    socket.destroySoon();
  } else socket.destroy();
}

function failureReason(
  error: unknown,
  { host, port }: Config["admin"],
  inCluster: boolean,
): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const place = `port ${port} on ${host}`;
  switch (code) {
    case "EADDRINUSE":
      return inCluster
        ? `${place} is held by another process of this cluster, whose page shows that process alone; OTEL_METRICS_EXPORTER=otlp sends the metrics of each`
        : `${place} is in use by another process; set OTEL_EXPORTER_PROMETHEUS_PORT to a free one`;
    case "EACCES":
      return `${place} is not allowed; set OTEL_EXPORTER_PROMETHEUS_PORT to one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is no address of this machine; set OTEL_EXPORTER_PROMETHEUS_HOST to one that is`;
    default:
      return `${place} can't be opened (${code})`;
  }
}
