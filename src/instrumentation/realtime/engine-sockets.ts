/**
 * Network sockets of Engine.IO's WebSockets. The frames that `ws` sees there are
 * Socket.IO's, whose messages are counted and traced by its own adaptor.
 */
const sockets = new WeakSet<object>();

/** Never throws. */
export function markEngineSocket(socket: unknown): void {
  if (typeof socket === "object" && socket !== null) sockets.add(socket);
}

export function isEngineSocket(socket: object): boolean {
  return sockets.has(socket);
}
