import type { Socket } from "node:net";

/**
 * A socket of ours never holds the process open. A host with several addresses
 * gets a new handle for every address that is tried.
 */
export function unrefSocket(socket: Socket): void {
  socket.unref();
  if (socket.connecting) socket.on("connectionAttempt", () => socket.unref());
}
