import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isLocalHostname, isLoopback, hostnameOf } from "../local-hostname.ts";
import type { RequestHandlerDeps } from "./options.ts";

/** Scrapers and probes have a few. */
const MAX_KEPT_CONNECTIONS = 64;

/** Nobody who wants an answer asks for the ninth before the first is there. */
const MAX_PENDING_RESPONSES = 8;

/**
 * The connections of the admin server. Whoever comes when there are too many has
 * the one closed that was used longest ago: a peer that holds connections keeps
 * no probe out.
 */
export class ConnectionLimiter {
  /** By latest use, and what is not answered in full yet of each. */
  readonly #pendingResponses = new Map<Socket, Set<ServerResponse>>();

  add(socket: Socket): void {
    if (this.#pendingResponses.size >= MAX_KEPT_CONNECTIONS) this.#leastRecentlyUsed()?.destroy();
    this.#pendingResponses.set(socket, new Set());
    socket.once("close", () => this.#pendingResponses.delete(socket));
  }

  /**
   * A request has come.
   *
   * @returns whether to answer it: its connection is closed where too many wait in it.
   */
  beginRequest(socket: Socket, response: ServerResponse): boolean {
    const pending = this.#pendingResponses.get(socket);
    if (pending === undefined) return false;
    if (pending.size >= MAX_PENDING_RESPONSES) {
      this.#pendingResponses.delete(socket);
      socket.destroy();
      return false;
    }
    // To the end of the order.
    this.#pendingResponses.delete(socket);
    this.#pendingResponses.set(socket, pending.add(response));
    response.once("close", () => pending.delete(response));
    return true;
  }

  /** Nothing has moved on it for long: it is closed, unless it is us who is waited for. */
  onTimeout(socket: Socket): void {
    for (const response of this.#pendingResponses.get(socket) ?? [])
      if (!response.writableEnded) return;
    socket.destroy();
  }

  /** One that waits for nothing, if there is one. */
  #leastRecentlyUsed(): Socket | undefined {
    let oldest: Socket | undefined;
    for (const [socket, pending] of this.#pendingResponses) {
      if (pending.size === 0) return socket;
      oldest ??= socket;
    }
    return oldest;
  }
}

/**
 * What is wrong with the name that a server on a loopback address is asked by:
 * undefined, or an answer. See `isLocalHostname`.
 *
 * @param header `Host`; undefined with HTTP/1.0, which no browser speaks.
 */
export function hostRejection(
  header: string | undefined,
  { config, address }: RequestHandlerDeps,
): string | undefined {
  if (header === undefined || !isLoopback(address) || isLocalHostname(header)) return undefined;
  if (hostnameOf(header) === config.admin.host.toLowerCase()) return undefined;
  return "This server listens on a loopback address, for its own machine, and is asked by a name that a page in a browser could have too (DNS rebinding). Ask for localhost or 127.0.0.1, or set OTEL_EXPORTER_PROMETHEUS_HOST to the name or address that it is to be reached by.\n";
}
