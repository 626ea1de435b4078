import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";
import winston from "winston";

/** A service that calls the next one, if there is one, and logs a line. Ends by itself on request. */
const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const next = process.env.NEXT;

const server = createServer(async (request, response) => {
  const span = trace.getTracer("relay").startSpan("work");
  if (next !== undefined) await (await fetch(next + request.url)).arrayBuffer();
  logger.info("relayed");
  span.end();
  response.end();
});
// The service before it keeps its connection while a gateway starts.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`port ${server.address().port}\n`));
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
