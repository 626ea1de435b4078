import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Takes whatever is exported and forgets it: the cost of a collector is not ours to measure. */
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () =>
    response.writeHead(200, { "content-type": "application/json" }).end("{}"),
  );
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
