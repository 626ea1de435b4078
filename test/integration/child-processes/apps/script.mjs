// A script without any span of its own, which was started with a trace in its environment.
import { connect, createServer } from "node:net";
import { captureException, job } from "../../../../dist/index.js";

captureException(new Error("no stock"));
await job("import", async () => {})();
const server = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  connect(port, "127.0.0.1")
    .resume()
    .on("close", () => server.close());
});
