import type { Socket } from "node:net";

/**
 * Unrefs a socket, so that it does not keep the process alive. While it connects to
 * a host with several addresses, every attempt creates a new handle.
 */
export function unrefSocket(socket: Socket): void {
  socket.unref();
  if (socket.connecting) socket.on("connectionAttempt", () => socket.unref());
}
