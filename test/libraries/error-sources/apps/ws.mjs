import { createServer } from "node:http";
import { listening, main } from "../../frameworks/apps/work.mjs";
import { handlers, thrown } from "./thrown.mjs";

/** Serves WebSockets: the path has the place and the value, and a message is the signal to throw. */
export function serve({ ws }) {
  const server = createServer();
  const verifyClient = ({ req }) => {
    const { place, value } = targetOf(req);
    if (place === "handshake") throw thrown(value, place);
    return true;
  };
  const { WebSocketServer = main(ws).Server } = ws;
  const sockets = new WebSocketServer({ server, verifyClient });
  sockets.on("connection", (socket, request) => {
    const { place, value } = targetOf(request);
    const respond = () => socket.send("sent");
    socket.on("message", () => {
      if (place !== "async") handlers[place]?.(value, respond);
    });
    socket.on("message", async () => {
      if (place === "async") await handlers.async(value);
    });
    socket.on("close", () => {
      if (place === "closed") throw thrown(value, place);
    });
    // An invalid frame of the client.
    socket.on("error", () => {
      if (place === "client") thrown(value, place);
    });
    if (place === "connection") throw thrown(value, place);
  });
  return listening(server.listen(0, "127.0.0.1"));
}

function targetOf({ url }) {
  const [, place, value] = url.split("/");
  return { place, value };
}
