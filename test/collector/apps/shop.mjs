import { createServer } from "node:http";
import { metrics, trace } from "@opentelemetry/api";

/* A service that prints its active span, for comparison with the telemetry. */
const orders = metrics.getMeter("shop").createCounter("shop.orders", { unit: "{order}" });

const server = createServer((request, response) => {
  const { traceId, spanId } = trace.getActiveSpan()?.spanContext() ?? {};
  console.log(`asked for ${request.url}`);
  orders.add(1);
  response.statusCode = request.url === "/fails" ? 500 : 200;
  response.end(JSON.stringify({ traceId, spanId }));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`port ${server.address().port}\n`));
process.once("SIGTERM", () => server.close());
