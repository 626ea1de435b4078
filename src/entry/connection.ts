import type { Attributes } from "@opentelemetry/api";
import type { Holder, UnderWay } from "../context/holder.ts";
import type { AttributePart } from "../traces/span.ts";
import { peerAddressOf, type PeerAddress, type PeerSocket } from "./peer.ts";
import { addressOf } from "./url.ts";

interface Socket extends PeerSocket {
  readonly encrypted?: boolean;
}

/**
 * What the requests of one connection have in common, found out once for all of
 * them: a client says the same of itself each time.
 */
export class Connection implements UnderWay {
  /** The requests under way, one or, with pipelining, more. */
  readonly holders: Holder[] = [];
  readonly scheme: "http" | "https";
  readonly #peer: PeerAddress;
  #host: string | undefined = undefined;
  #userAgent: string | undefined = undefined;
  #caller: AttributePart | undefined = undefined;

  constructor(socket: Socket | undefined) {
    this.scheme = socket?.encrypted === true ? "https" : "http";
    this.#peer = peerAddressOf(socket);
  }

  /** What spans say of who calls and what for: the same object while that stays the same. */
  callerOf(host: string | undefined, userAgent: string | undefined): AttributePart {
    if (this.#caller !== undefined && host === this.#host && userAgent === this.#userAgent) {
      return this.#caller;
    }
    this.#host = host;
    this.#userAgent = userAgent;
    this.#caller = { attributes: Object.freeze(this.#attributes()), encoded: undefined };
    return this.#caller;
  }

  close(holder: Holder): void {
    const { holders } = this;
    if (holders.length === 1 && holders[0] === holder) holders.pop();
    else if (holders.includes(holder)) holders.splice(holders.indexOf(holder), 1);
  }

  #attributes(): Attributes {
    const attributes: Attributes = {};
    if (this.#host !== undefined) {
      const { address, port } = addressOf(this.#host);
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
