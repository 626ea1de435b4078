import { EventEmitter } from "node:events";
import { createServer } from "node:http2";
import { handlers } from "../../../error-sources/apps/thrown.mjs";
import { listening } from "../work.mjs";

/** HTTP/2 by both of Node's APIs: streams and, for paths that begin with `/request`, requests. */
export function serve() {
  EventEmitter.captureRejections = true;
  const server = createServer();
  server.on("stream", async (stream, { ":path": path }) => {
    const [, place, value] = path.split("/");
    await handlers[place]?.(value, (status) => {
      stream.respond({ ":status": status });
      stream.end("sent");
    });
  });
  server.on("request", async ({ url }, response) => {
    const [, api, place, value] = url.split("/");
    if (api !== "request") return;
    await handlers[place](value, (status) => response.writeHead(status).end("sent"));
  });
  return listening(server.listen(0, "127.0.0.1"));
}
