/**
 * The network sockets over which Engine.IO speaks WebSocket with its clients:
 * what `ws` sees there are Socket.IO's frames, which are counted and followed
 * where they are messages.
 */
const sockets = new WeakSet<object>();

/** Never throws. */
export function markEngineSocket(socket: unknown): void {
  if (typeof socket === "object" && socket !== null) sockets.add(socket);
}

export function isEngineSocket(socket: object): boolean {
  return sockets.has(socket);
}
