import { once } from "node:events";
import { createServer, get } from "node:http";
import { text } from "node:stream/consumers";
import { logs, metrics, trace } from "@opentelemetry/api";

// Requests itself once, and prints the headers that the request had.
const server = createServer((request, response) => {
  trace.getTracer("shop").startActiveSpan("price", (span) => {
    logs.getLogger("shop").emit({ body: "priced", severityNumber: 9 });
    metrics.getMeter("shop").createCounter("shop.prices").add(2);
    span.end();
  });
  response.end(JSON.stringify(request.headers));
});
await once(server.listen(0, "127.0.0.1"), "listening");
const [response] = await once(get({ port: server.address().port, path: "/price" }), "response");
console.log(await text(response));
server.close();
server.closeAllConnections();
