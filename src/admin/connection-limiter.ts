import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Well above the number that scrapers and probes open. */
const MAX_KEPT_CONNECTIONS = 64;

/**
 * Time for the request of a new connection: a client sends it once the connection is
 * accepted, and among a thousand that connect at once it is not the first.
 */
const GRACE_MS = 100;

/** More pipelined requests than any scraper or probe sends. */
const MAX_PENDING_RESPONSES = 8;

/**
 * Limits the connections of the admin server. Above the limit the least recently used
 * ones are closed, so that clients that hold connections open can't keep probes out.
 */
export class ConnectionLimiter {
  /** Pending responses by connection, least recently used first. */
  readonly #pendingResponses = new Map<Socket, Set<ServerResponse>>();
  /** Connections by their client: with TLS, requests have a socket of their own. */
  readonly #byPeer = new Map<string, Socket>();
  readonly #plainSockets = new WeakMap<Socket, Socket>();
  #timer: NodeJS.Timeout | undefined = undefined;

  add(socket: Socket): void {
    const peer = peerOf(socket);
    this.#pendingResponses.set(socket, new Set());
    this.#byPeer.set(peer, socket);
    if (this.#pendingResponses.size > MAX_KEPT_CONNECTIONS) this.#closeSoon();
    socket.once("close", () => {
      this.#pendingResponses.delete(socket);
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
    });
  }

  /** Registers the encrypted side of a connection, after its handshake. */
  secure(encrypted: Socket): void {
    const plain = this.#byPeer.get(peerOf(encrypted));
    if (plain === undefined) encrypted.destroy();
    else this.#plainSockets.set(encrypted, plain);
  }

  /**
   * Registers a request.
   *
   * @returns false if the request must be ignored: its connection had too many
   *   pending requests and was closed.
   */
  beginRequest(requestSocket: Socket, response: ServerResponse): boolean {
    const socket = this.#plainSockets.get(requestSocket) ?? requestSocket;
    const pending = this.#pendingResponses.get(socket);
    if (pending === undefined) return false;
    if (pending.size >= MAX_PENDING_RESPONSES) {
      this.#pendingResponses.delete(socket);
      socket.destroy();
      return false;
    }
    // Inserted again, as the most recently used.
    this.#pendingResponses.delete(socket);
    this.#pendingResponses.set(socket, pending.add(response));
    response.once("close", () => pending.delete(response));
    return true;
  }

  /** Closes an idle connection, unless a response on it is still pending. */
  onTimeout(idleSocket: Socket): void {
    const socket = this.#plainSockets.get(idleSocket) ?? idleSocket;
    for (const response of this.#pendingResponses.get(socket) ?? [])
      if (!response.writableEnded) return;
    socket.destroy();
  }

  #closeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      while (this.#pendingResponses.size > MAX_KEPT_CONNECTIONS) this.#closeLeastRecentlyUsed();
    }, GRACE_MS).unref();
  }

  #closeLeastRecentlyUsed(): void {
    const socket = this.#leastRecentlyUsed();
    if (socket === undefined) return;
    this.#pendingResponses.delete(socket);
    socket.destroy();
  }

  /** Prefers a connection without a pending response. */
  #leastRecentlyUsed(): Socket | undefined {
    let oldest: Socket | undefined;
    for (const [socket, pending] of this.#pendingResponses) {
      if (pending.size === 0) return socket;
      oldest ??= socket;
    }
    return oldest;
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
