// Sends itself a request, in which it uses all signals of the API; ends as its argument asks.
import http from "node:http";
import { logs, metrics, SpanStatusCode, trace } from "@opentelemetry/api";

const [end] = process.argv.slice(2);
const tracer = trace.getTracer("warehouse", "1.2.3");
const orders = metrics.getMeter("warehouse").createCounter("orders", { unit: "{order}" });
metrics
  .getMeter("warehouse")
  .createObservableGauge("stock")
  .addCallback((result) => result.observe(7, { shelf: "A" }));

const server = http.createServer((request, response) => {
  tracer.startActiveSpan("reserve", (span) => {
    span.setAttributes({ sku: "A-1", count: 2, password: "hunter2-s3cret" });
    span.addEvent("reserved", { left: 3 });
    tracer.startActiveSpan("pay", { links: [{ context: span.spanContext() }] }, (inner) => {
      inner.recordException(new RangeError("card declined"));
      inner.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
      inner.end();
    });
    orders.add(2, { country: "NO" });
    logs
      .getLogger("warehouse")
      .emit({ body: "reserved", severityNumber: 9, attributes: { sku: "A-1" } });
    span.end();
  });
  response.end(request.url);
});

server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  await (await fetch(`${url}/orders`)).text();
  if (end === "wait") {
    console.log("ready");
    return;
  }
  server.close();
  server.closeAllConnections();
  if (end === "exit") process.exit(3);
  if (end === "throw") throw new TypeError("no stock");
});
