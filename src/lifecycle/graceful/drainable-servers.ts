import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { Server } from "node:net";
import { propertyOf } from "../../property.ts";

/** A server of Node, or an app of a framework that has one (Fastify). */
export type DrainableServer = ListeningServer | ServerOwner;

type ListeningServer = Server & HttpMethods;

/** Those of HTTP/1 have them all, secure ones of HTTP/2 some. */
interface HttpMethods {
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
}

interface ServerOwner {
  readonly server: ListeningServer;
  close?(): unknown;
}

/** A session of HTTP/2. */
interface Session extends EventEmitter {
  close(): void;
}

/** How often connections that have become idle are closed. */
const POLL_MS = 20;

/** Time after closing in which the first byte of a request may still arrive on an open connection. */
const LAST_REQUESTS_MS = 500;

/** Servers whose requests finish before they close. */
export class DrainableServers {
  readonly #servers = new Set<ListeningServer>();
  readonly #owners = new Set<ServerOwner>();
  readonly #sessions = new Set<Session>();
  readonly #requestsInFlight: () => number | undefined;

  /** @param requestsInFlight of all servers of the process; undefined if they are not counted */
  constructor(requestsInFlight: () => number | undefined) {
    this.#requestsInFlight = requestsInFlight;
  }

  /** Adds all HTTP servers from the time that they listen. */
  watchAll(isIncluded: (server: object) => boolean): void {
    diagnosticsChannel.subscribe("tracing:net.server.listen:asyncStart", (message) => {
      const { server } = message as { readonly server: Server };
      if (isHttpServer(server) && isIncluded(server)) this.add(server);
    });
  }

  add(server: DrainableServer): void {
    if ("server" in server) {
      this.#owners.add(server);
      this.#addServer(server.server);
    } else {
      this.#addServer(server);
    }
  }

  get isListening(): boolean {
    return [...this.#servers].some(({ listening }) => listening);
  }

  /** From now on each response closes its connection, so that clients open others elsewhere. */
  startDraining(): void {
    diagnosticsChannel.subscribe("http.server.request.start", (message) => {
      const { server, response } = message as RequestStart;
      // Node then sends `Connection: close`.
      if (this.#servers.has(server)) response.shouldKeepAlive = false;
    });
  }

  /** Accepts no connections any more. Resolves when no request is in flight. */
  async close(): Promise<void> {
    const closed = Promise.all([...this.#servers].map(closeServer)).then(() => true);
    for (const session of this.#sessions) session.close();
    const closedAt = performance.now();
    while (!(await Promise.race([closed, pause(POLL_MS)]))) {
      for (const server of this.#servers) server.closeIdleConnections?.();
      // Connections without a request, and those that were upgraded, stay open.
      const isLate = performance.now() - closedAt > LAST_REQUESTS_MS;
      if (isLate && this.#requestsInFlight() === 0) break;
    }
    for (const server of this.#servers) server.closeAllConnections?.();
  }

  /** Closes the frameworks' apps, which close their plugins. */
  async closeOwners(onError: (error: unknown) => void): Promise<void> {
    for (const owner of this.#owners) {
      try {
        await owner.close?.();
      } catch (error) {
        // Their server is closed already.
        if ((error as NodeJS.ErrnoException).code !== "ERR_SERVER_NOT_RUNNING") onError(error);
      }
    }
  }

  #addServer(server: ListeningServer): void {
    if (this.#servers.has(server)) return;
    this.#servers.add(server);
    server.once("close", () => this.#servers.delete(server));
    server.on("session", (session: Session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
  }
}

/** Whether a value of the app is a server, or has one. */
export function isDrainable(value: unknown): value is DrainableServer {
  const server = propertyOf(value, "server") ?? value;
  return (
    typeof propertyOf(server, "close") === "function" &&
    typeof propertyOf(server, "listen") === "function"
  );
}

interface RequestStart {
  readonly server: ListeningServer;
  readonly response: ServerResponse;
}

/** Whether a server is one of `node:http`, `node:https` or `node:http2`: those of `node:net` and `node:tls` have no such method. */
function isHttpServer(server: Server): boolean {
  return typeof propertyOf(server, "setTimeout") === "function";
}

/** Never rejects: a server that doesn't listen is closed. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/**
 * The timer keeps the process alive. Resolves with false, after the requests that have arrived
 * while the event loop was blocked: timers run before sockets are read.
 */
function pause(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => setImmediate(resolve, false), ms));
}
