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
    if (this.#pendingResponses.size >= MAX_KEPT_CONNECTIONS) {
      const leastUseful = this.#leastUseful();
      if (leastUseful !== undefined && !this.#fresh.has(leastUseful)) this.#close(leastUseful);
    }
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
    this.#fresh.delete(socket);
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
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      while (this.#pendingResponses.size > MAX_KEPT_CONNECTIONS) {
        const socket = this.#leastUseful();
        if (socket === undefined) return;
        this.#close(socket);
      }
    }, GRACE_MS).unref();
  }

  #close(socket: Socket): void {
    this.#pendingResponses.delete(socket);
    socket.destroy();
  }

  /**
   * Returns the least recently used connection without a pending response, else one with
   * several, which no probe has. Else attackers are those of which there are more: new
   * connections, or those with one pending response.
   */
  #leastUseful(): Socket | undefined {
    const first: { pipelining?: Socket; waiting?: Socket; fresh?: Socket } = {};
    let waitingCount = 0;
    for (const [socket, { size }] of this.#pendingResponses) {
      if (size === 0 && !this.#fresh.has(socket)) return socket;
      if (size === 0) first.fresh ??= socket;
      else if (size > 1) first.pipelining ??= socket;
      else {
        first.waiting ??= socket;
        waitingCount += 1;
      }
    }
    if (first.pipelining !== undefined) return first.pipelining;
    const freshCount = this.#pendingResponses.size - waitingCount;
    return freshCount > waitingCount ? first.fresh : first.waiting;
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
