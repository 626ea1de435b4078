import { once } from "node:events";
import { createServer, get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { logs, SpanStatusCode, trace } from "@opentelemetry/api";
import { healthHandler } from "../../../../../dist/health.js";
import { captureException } from "../../../../../dist/index.js";

// Requests itself, until its extension has seen a span; then it ends.
const health = healthHandler();
const server = createServer((request, response) => {
  if (request.url === "/readyz") {
    health(request, response);
    return;
  }
  trace.getTracer("shop").startActiveSpan("price", (span) => {
    span.setStatus({ code: SpanStatusCode.OK });
    logs.getLogger("shop").emit({ body: "priced for member 4711", severityNumber: 9 });
    span.end();
  });
  response.end(JSON.stringify(request.headers));
});
await once(server.listen(0, "127.0.0.1"), "listening");

const request = async (path) => {
  const [response] = await once(get({ port: server.address().port, path }), "response");
  return text(response);
};
console.log(`first ${await request("/first")}`);
if (!process.argv.includes("--once")) await requestUntilSeen();
await request("/unwanted");
await request("/ignored");
await trace.getTracerProvider().getDelegate().forceFlush();
console.log("forced");
console.log(`ready ${await request("/readyz")}`);
captureException(new Error("no price"));
server.close();
server.closeAllConnections();
console.log("end");

async function requestUntilSeen() {
  if (globalThis.hasSeenSpan === true) return;
  await pause(20);
  await request("/again");
  await requestUntilSeen();
}
