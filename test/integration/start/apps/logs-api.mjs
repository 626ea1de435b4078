import { once } from "node:events";
import { createServer } from "node:http";
import { logs } from "@opentelemetry/api";
import { logs as olderLogs } from "@opentelemetry/api-logs";

/* Log records by the API, and by the separate logs API of versions before 1.10. */

const before = olderLogs.getLogger("older");
const server = createServer((_request, response) => {
  logs
    .getLogger("newer", "1.0.0")
    .emit({ severityNumber: 9, body: "by the newer", attributes: { a: 1 } });
  before.emit({ severityNumber: 17, severityText: "ERROR", body: { by: "the older" } });
  response.end("hello");
});
await once(server.listen(0, "127.0.0.1"), "listening");
const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
console.log(await response.text());
server.close();
server.closeAllConnections();
