import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { lazy } from "../lazy.ts";
import { rejectRequest } from "../replies/rejected-request.ts";
import type { AdminConfig } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import { clusterWorkerId } from "./cluster.ts";
import type { AccessControl } from "./access.ts";
import type { ConnectionLimiter } from "./connection-limiter.ts";
import type { AdminDeps, RequestHandlerDeps } from "./deps.ts";
import type { PageMembership } from "./page-membership.ts";
import type { CacheWarmers } from "../warming/cache-warmers.ts";
import { PortClaim } from "./port-claim.ts";
import { OWN_SERVER } from "../context/own-server.ts";

const loadHandler = lazy<typeof import("./handler.ts")>("admin/handler.ts");
/** Loaded only with a certificate. */
const loadTlsServer = lazy<typeof import("./tls-server.ts")>("admin/tls-server.ts");
const loadPageMembership = lazy<typeof import("./page-membership.ts")>("admin/page-membership.ts");

/** The server of `/metrics`, `/healthz`, `/livez` and `/readyz`. It never keeps the process alive and never throws. */
export interface Admin {
  /** Listens as soon as this process claims the port. */
  start(): void;
  /** Closes the server. For tests: in an app it runs until the process exits. */
  stop(): void;
}

/**
 * Creates the admin server. It also runs without the Prometheus exporter, because
 * health probes must not depend on where metrics are exported to.
 */
export function createAdmin(deps: AdminDeps): Admin {
  return new AdminServer(deps);
}

/** Requests are small and come from a near network. Slower or larger ones are attacks or accidents. */
const serverOptions = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 10_000,
} as const;

/** Time without a byte in either direction after which a connection is closed, even with an unread response. */
const SOCKET_TIMEOUT_MS = 10_000;

/** Exceeds the limit of `ConnectionLimiter`, for connections that arrive at the same time. */
const MAX_CONNECTIONS = 256;

const RETRY_MS = 30_000;

/**
 * The addresses of `localhost`: IPv4, or IPv6 on a host without IPv4. Resolving the
 * name would show in the app's own observation of DNS lookups.
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
  #accessControl: AccessControl | undefined = undefined;
  #loopbackIndex: 0 | 1 = 0;
  /** Undefined in a process that neither was forked nor has forked another one. */
  #membership: PageMembership | undefined = undefined;

  constructor(deps: AdminDeps) {
    this.#deps = deps;
    this.#portClaim = new PortClaim({
      isAdminServer: (server) =>
        typeof server === "object" && server !== null && OWN_SERVER in server,
      hasHandledWork: deps.hasHandledWork ?? (() => false),
      claimDelayMs: deps.timing?.claimDelayMs,
      onClaim: () => this.#listen(),
      onRelease: () => this.#releasePort(),
      onFork: () => this.#onFork(),
    });
  }

  start(): void {
    if (process.send !== undefined) {
      this.#membership = this.#createMembership();
      void this.#membership?.joinEarly();
    }
    this.#portClaim.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#portClaim.stop();
    this.#membership?.stop();
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }

  /** Releases the port to an app that this process has just started. */
  #releasePort(): void {
    if (this.#server === undefined && this.#retryTimer === undefined) return;
    this.#close();
    this.#scheduleRetry();
  }

  #createMembership(): PageMembership | undefined {
    try {
      const sharing = this.#deps.sharePage?.();
      const listen = (): void => this.#listen();
      const warmers = (): CacheWarmers | undefined => this.#deps.warmers?.();
      return sharing && loadPageMembership().createMembership({ sharing, listen, warmers });
    } catch (error) {
      this.#deps.diagnostics.debug("page sharing", `the page is not shared: ${String(error)}`);
      return undefined;
    }
  }

  /** The new process may be a part of this app. */
  #onFork(): void {
    this.#membership ??= this.#createMembership();
    if (this.#server?.listening === true) this.#membership?.serve();
  }

  #scheduleRetry(): void {
    const retryMs = this.#deps.timing?.retryMs ?? RETRY_MS;
    this.#retryTimer = setTimeout(() => this.#listen(), retryMs).unref();
  }

  #listen(): void {
    if (this.#isStopped || this.#server !== undefined) return;
    clearTimeout(this.#retryTimer);
    if (this.#membership?.holdsPortBack() === true) return;
    if (this.#portClaim.isReleased) {
      this.#scheduleRetry();
      return;
    }
    const { port } = this.#deps.config.admin;
    const host = this.#host();
    try {
      const server = this.#createServer();
      this.#server = server;
      // `exclusive`: with a port shared by cluster workers each scrape would reach another process.
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
    const { config, diagnostics } = this.#deps;
    const { tls } = config.admin;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      this.#handleRequest(request, response);
    const server =
      tls === undefined
        ? createServer(serverOptions, onRequest)
        : loadTlsServer().createTlsServer(serverOptions, tls, diagnostics, onRequest);
    Object.defineProperty(server, OWN_SERVER, { value: true });
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = SOCKET_TIMEOUT_MS;
    server.on("timeout", (socket: Socket) => this.#connectionLimiter?.onTimeout(socket));
    server.on("connection", (socket: Socket) => this.#accept(socket));
    server.on("secureConnection", (socket: Socket) => this.#connectionLimiter?.secure(socket));
    server.on("clientError", rejectRequest);
    // While the server listens, an error concerns a connection that could not be accepted.
    server.on("error", (error) => server.listening || this.#onListenError(error));
    return server;
  }

  #accept(socket: Socket): void {
    unrefConnection(socket);
    try {
      this.#connectionLimiter ??= new (loadHandler().ConnectionLimiter)();
      this.#connectionLimiter.add(socket);
    } catch (error) {
      this.#deps.diagnostics.error(
        "admin",
        `a connection to the admin server was closed: ${String(error)}`,
      );
      socket.destroy();
    }
  }

  #handleRequest(request: IncomingMessage, response: ServerResponse): void {
    try {
      if (this.#connectionLimiter?.beginRequest(request.socket, response) !== true) return;
      const { handleRequest, createAccessControl } = loadHandler();
      this.#accessControl ??= createAccessControl(this.#deps);
      const deps: RequestHandlerDeps = {
        ...this.#deps,
        address: this.#address,
        accessControl: this.#accessControl,
      };
      void runSuppressed(() => handleRequest(request, response, deps));
    } catch (error) {
      this.#deps.diagnostics.error(
        "admin",
        `a request to the admin server failed: ${String(error)}`,
      );
      response.destroy();
    }
  }

  #onListening(): void {
    const { config, diagnostics } = this.#deps;
    const { host } = config.admin;
    const address = this.#server?.address();
    // With port 0 the system chooses the port.
    const bound = typeof address === "object" && address !== null ? address : undefined;
    const port = bound?.port ?? config.admin.port;
    this.#address = bound?.address ?? host;
    this.#membership?.serve();
    if (this.#hasFailed) {
      diagnostics.warn(
        "admin opened",
        `port ${port} is free again: metrics and health are on ${host}:${port}`,
      );
    } else {
      diagnostics.debug("admin opened", `metrics and health are on ${host}:${port}`);
    }
  }

  /** The app runs on without the port, which is retried: its owner may exit, as in a rolling restart. */
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
    void this.#joinOrRetry(error);
  }

  /** Another process has the port, perhaps one of the same app. Never rejects. */
  async #joinOrRetry(error: unknown): Promise<void> {
    if (isInUse(error) && (await this.#membership?.joinOwner()) === true) return;
    if (!this.#hasFailed) this.#reportFailure(error);
    this.#hasFailed = true;
    if (!this.#isStopped) this.#scheduleRetry();
  }

  /** Logs one line, and in a cluster one for all workers. */
  #reportFailure(error: unknown): void {
    const { config, diagnostics } = this.#deps;
    const worker = clusterWorkerId();
    const line = `${failureReason(error, config.admin, worker !== undefined)}; /metrics and /healthz are unavailable, retrying every ${RETRY_MS / 1000} s`;
    if (worker === undefined || worker === 1) diagnostics.warn("admin failed", line);
    else diagnostics.debug("admin failed", line);
  }
}

function isInUse(error: unknown): boolean {
  return (Object(error) as { readonly code?: unknown }).code === "EADDRINUSE";
}

/** Whether the host lacks the address, as one without IPv4 does. */
function isAddressUnavailable(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

/** A scraper's idle connection must not keep the process alive. */
function unrefConnection(socket: Socket): void {
  socket.unref();
}

function failureReason(error: unknown, { host, port }: AdminConfig, inCluster: boolean): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const place = `port ${port} on ${host}`;
  switch (code) {
    case "EADDRINUSE":
      return inCluster
        ? `${place} is in use by another process of this cluster, and its page shows that process only; set OTEL_METRICS_EXPORTER=otlp to export the metrics of each`
        : `${place} is in use by another process; set OTEL_EXPORTER_PROMETHEUS_PORT to a free port`;
    case "EACCES":
      return `${place} requires privileges; set OTEL_EXPORTER_PROMETHEUS_PORT to a port above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is not an address of this host; set OTEL_EXPORTER_PROMETHEUS_HOST to one that is`;
    case "ERR_TELLTALE_CERTIFICATE":
      return (error as Error).message;
    default:
      return `${place} can't be opened (${code})`;
  }
}
