// A replica of a service. Arguments: its port.
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const server = createServer((_request, response) => {
  // Like a query of a database.
  setTimeout(() => response.end("done"), 5);
});
// Longer than the proxy keeps an idle connection: otherwise both may use and close one at once.
server.keepAliveTimeout = 600_000;
server.listen(port, "127.0.0.1", () => console.log("open"));
