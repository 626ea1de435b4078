import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isLocalName, isLoopback, nameIn } from "../local-name.ts";
import type { AnswerOptions } from "./options.ts";

/** Scrapers and probes have a few. */
const MOST_CONNECTIONS = 64;

/** Nobody who wants an answer asks for the ninth before the first is there. */
const MOST_UNANSWERED = 8;

/**
 * The connections of the admin server. Whoever comes when there are too many has
 * the one closed that was used longest ago: a peer that holds connections keeps
 * no probe out.
 */
export class Connections {
  /** By latest use, and what is not answered in full yet of each. */
  readonly #open = new Map<Socket, Set<ServerResponse>>();

  add(socket: Socket): void {
    if (this.#open.size >= MOST_CONNECTIONS) this.#idlest()?.destroy();
    this.#open.set(socket, new Set());
    socket.once("close", () => this.#open.delete(socket));
  }

  /**
   * A request has come.
   *
   * @returns whether to answer it: its connection is closed where too many wait in it.
   */
  begin(socket: Socket, response: ServerResponse): boolean {
    const unanswered = this.#open.get(socket);
    if (unanswered === undefined) return false;
    if (unanswered.size >= MOST_UNANSWERED) {
      this.#open.delete(socket);
      socket.destroy();
      return false;
    }
    // To the end of the order.
    this.#open.delete(socket);
    this.#open.set(socket, unanswered.add(response));
    response.once("close", () => unanswered.delete(response));
    return true;
  }

  /** Nothing has moved on it for long: it is closed, unless it is us who is waited for. */
  silent(socket: Socket): void {
    for (const response of this.#open.get(socket) ?? []) if (!response.writableEnded) return;
    socket.destroy();
  }

  /** One that waits for nothing, if there is one. */
  #idlest(): Socket | undefined {
    let oldest: Socket | undefined;
    for (const [socket, unanswered] of this.#open) {
      if (unanswered.size === 0) return socket;
      oldest ??= socket;
    }
    return oldest;
  }
}

/**
 * What is wrong with the name that a server on a loopback address is asked by:
 * undefined, or an answer. See `isLocalName`.
 *
 * @param header `Host`; undefined with HTTP/1.0, which no browser speaks.
 */
export function objectionTo(
  header: string | undefined,
  { config, address }: AnswerOptions,
): string | undefined {
  if (header === undefined || !isLoopback(address) || isLocalName(header)) return undefined;
  if (nameIn(header) === config.admin.host.toLowerCase()) return undefined;
  return "This server listens on a loopback address, for its own machine, and is asked by a name that a page in a browser could have too (DNS rebinding). Ask for localhost or 127.0.0.1, or set OTEL_EXPORTER_PROMETHEUS_HOST to the name or address that it is to be reached by.\n";
}
