import type { Attributes } from "@opentelemetry/api";
import type { InFlightRequests } from "../../context/in-flight-requests.ts";
import type { UnitOfWork } from "../../context/unit-of-work.ts";
import type { CachedAttributes } from "../../traces/span-attributes.ts";
import { peerAddressOf, type PeerAddress, type PeerSocket } from "./peer.ts";
import { parseAuthority } from "../url.ts";

interface ConnectionSocket extends PeerSocket {
  readonly encrypted?: boolean;
}

/**
 * One connection, with the attributes that all of its requests have in common:
 * they are computed once, since a client sends the same headers each time.
 */
export class HttpConnection implements InFlightRequests {
  /** Requests in flight: one or, with pipelining, more. */
  readonly units: UnitOfWork[] = [];
  readonly scheme: "http" | "https";
  /** Number of bytes that were written until the last request of the access log. */
  bytesWritten = 0;
  readonly #peer: PeerAddress;
  #host: string | undefined = undefined;
  #userAgent: string | undefined = undefined;
  #cachedClientAttributes: CachedAttributes | undefined = undefined;

  constructor(socket: ConnectionSocket | undefined) {
    this.scheme = socket?.encrypted === true ? "https" : "http";
    this.#peer = peerAddressOf(socket);
  }

  /** Returns the attributes of client and server; the same object while host and user agent are the same. */
  clientAttributes(host: string | undefined, userAgent: string | undefined): CachedAttributes {
    if (
      this.#cachedClientAttributes !== undefined &&
      host === this.#host &&
      userAgent === this.#userAgent
    ) {
      return this.#cachedClientAttributes;
    }
    this.#host = host;
    this.#userAgent = userAgent;
    this.#cachedClientAttributes = {
      attributes: Object.freeze(this.#attributes()),
      encoded: undefined,
    };
    return this.#cachedClientAttributes;
  }

  remove(unit: UnitOfWork): void {
    const { units } = this;
    if (units.length === 1 && units[0] === unit) units.pop();
    else if (units.includes(unit)) units.splice(units.indexOf(unit), 1);
  }

  #attributes(): Attributes {
    const attributes: Attributes = {};
    if (this.#host !== undefined) {
      const { address, port } = parseAuthority(this.#host);
      attributes["server.address"] = address;
      if (port !== undefined) attributes["server.port"] = port;
    }
    if (this.#userAgent !== undefined) attributes["user_agent.original"] = this.#userAgent;
    const { address, port } = this.#peer;
    if (address !== undefined) {
      attributes["client.address"] = address;
      attributes["network.peer.address"] = address;
    }
    if (port !== undefined) attributes["network.peer.port"] = port;
    return attributes;
  }
}
