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
  /** Connections whose first request may still arrive. */
  readonly #fresh = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined = undefined;

  add(socket: Socket): void {
    if (this.#pendingResponses.size >= MAX_KEPT_CONNECTIONS) this.#close(this.#leastUseful());
    const peer = peerOf(socket);
    this.#pendingResponses.set(socket, new Set());
    this.#byPeer.set(peer, socket);
    this.#fresh.add(socket);
    setTimeout(() => this.#fresh.delete(socket), GRACE_MS).unref();
    if (this.#pendingResponses.size > MAX_KEPT_CONNECTIONS) this.#closeSoon();
    socket.once("close", () => {
      this.#pendingResponses.delete(socket);
      this.#fresh.delete(socket);
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
      while (this.#pendingResponses.size > MAX_KEPT_CONNECTIONS) {
        const [oldest] = this.#pendingResponses.keys();
        this.#close(this.#leastUseful() ?? oldest);
      }
    }, GRACE_MS).unref();
  }

  #close(socket: Socket | undefined): void {
    if (socket === undefined) return;
    this.#pendingResponses.delete(socket);
    socket.destroy();
  }

  /**
   * Returns the least recently used connection without a pending response, else with
   * several, which no probe has, else with one. Undefined if each is new.
   */
  #leastUseful(): Socket | undefined {
    let pipelining: Socket | undefined;
    let waiting: Socket | undefined;
    for (const [socket, { size }] of this.#pendingResponses) {
      if (size === 0 && !this.#fresh.has(socket)) return socket;
      if (size > 1) pipelining ??= socket;
      if (size === 1) waiting ??= socket;
    }
    return pipelining ?? waiting;
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
