/** Address of the remote end of a connection. */
export interface PeerAddress {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** Members that are read of a socket; that of a request that an app emits may be any object. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Undocumented; `remoteAddress` uses it. */
  readonly _handle?: SocketHandle | null;
}

interface SocketHandle {
  /** Writes to the given object, and returns 0 on success. */
  readonly getpeername?: (found: { address?: string; port?: number }) => number;
}

/**
 * Returns the address of the peer, from the handle below the socket. The socket
 * would cache its first result: an app that reads `remoteAddress` only after the
 * connection was closed gets none, and this must stay so.
 */
export function peerAddressOf(socket: PeerSocket | undefined): PeerAddress {
  const handle = socket?._handle;
  if (typeof handle?.getpeername === "function") {
    const found: { address?: string; port?: number } = {};
    if (handle.getpeername(found) === 0) return { address: found.address, port: found.port };
  }
  return { address: socket?.remoteAddress, port: socket?.remotePort };
}
