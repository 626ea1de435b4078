import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import winston from "winston";

/* A service with a span and a log record for each order. Prints its port. Run with `--expose-gc`. */
const log = winston.createLogger({
  format: winston.format.json(),
  // No process reads the lines, and a full pipe would slow the service down.
  transports: [new winston.transports.Console({ log: (_info, next) => next() })],
});

/** What must not grow with the number of requests. */
function footprint() {
  for (let pass = 0; pass < 4; pass++) globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().filter((kind) => kind !== "TCPSocketWrap");
  const listeners = process
    .eventNames()
    .map((name) => `${String(name)} ${process.listenerCount(name)}`);
  return { heapUsed, rss, handles, listeners, files: readdirSync("/proc/self/fd").length };
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://service");
  if (pathname === "/footprint") {
    response.setHeader("content-type", "application/json").end(JSON.stringify(footprint()));
    return;
  }
  log.info("order", { path: pathname });
  response.end("ordered");
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
