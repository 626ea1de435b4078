/** Who is at the other end of a connection. */
export interface PeerAddress {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** What is read of a socket; one that an app emits a request from may be anything. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Undocumented; what `remoteAddress` asks. */
  readonly _handle?: SocketHandle | null;
}

interface SocketHandle {
  /** Fills in what it is given; 0 if that went well. */
  readonly getpeername?: (found: { address?: string; port?: number }) => number;
}

/**
 * Asks below the socket, which keeps the first answer: an app that looks at
 * `remoteAddress` only after the connection is closed finds nothing there.
 */
export function peerAddressOf(socket: PeerSocket | undefined): PeerAddress {
  const handle = socket?._handle;
  if (typeof handle?.getpeername === "function") {
    const found: { address?: string; port?: number } = {};
    if (handle.getpeername(found) === 0) return { address: found.address, port: found.port };
  }
  return { address: socket?.remoteAddress, port: socket?.remotePort };
}
