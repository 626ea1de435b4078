import { createServer } from "node:http";
import { metrics } from "@opentelemetry/api";
import { counter } from "../../../dist/index.js";

/*
 * Answers every request, and makes the mistakes of an app: labels of what a client sends.
 * `/heap` returns the bytes that are in use after a garbage collection.
 */
const byAgent = counter("app.agents", { labels: ["agent"] });
const byUrl = metrics.getMeter("app").createHistogram("app.urls");

const server = createServer((request, response) => {
  if (request.url === "/heap") {
    globalThis.gc();
    response.end(String(process.memoryUsage().heapUsed));
    return;
  }
  byAgent.add(1, { agent: request.headers["user-agent"] });
  byUrl.record(1, { url: request.url, host: request.headers.host });
  response.end();
});
// Connections are idle while the page is read, on a busy machine for seconds.
server.keepAliveTimeout = 600_000;
server.listen(0, () => process.stdout.write(`${server.address().port}\n`));
