import { createServer } from "node:http";
import { listening } from "../../frameworks/apps/work.mjs";
import { handlers, thrown } from "./thrown.mjs";

/** Serves Socket.IO: an event for each place in a handler, and the query for the others. */
export function serve({ io }) {
  const server = createServer();
  const sockets = new io.Server(server);
  sockets.use((socket, next) => {
    const { place, value } = socket.handshake.query;
    if (place === "middleware") throw thrown(value, place);
    next(place === "client" ? thrown(value, place) : undefined);
  });
  sockets.on("connection", (socket) => {
    const { place, value } = socket.handshake.query;
    for (const [event, handle] of Object.entries(handlers)) {
      socket.on(event, (name, answer) => handle(name, () => answer("sent")));
    }
    // Only of an `async` function is the promise the listener's own.
    socket.removeAllListeners("async").on("async", async (name) => {
      await handlers.async(name);
    });
    socket.on("disconnect", () => {
      if (place === "closed") throw thrown(value, place);
    });
    if (place === "connection") throw thrown(value, place);
  });
  return listening(server.listen(0, "127.0.0.1"));
}
