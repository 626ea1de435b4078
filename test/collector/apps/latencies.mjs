import cluster from "node:cluster";
import { createServer } from "node:http";
import { metrics } from "@opentelemetry/api";

/** Two workers, which record the latency that a request names: `/fast?seconds=0.02`. */
if (cluster.isPrimary) {
  for (let index = 0; index < 2; index += 1) cluster.fork();
} else {
  const meter = metrics.getMeter("shop");
  const checkouts = meter.createHistogram("shop.checkout", { unit: "s" });
  const orders = meter.createCounter("shop.orders");
  // Before the first scrape: only their start time shows that these are new.
  orders.add(5);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    checkouts.record(Number(searchParams.get("seconds")), { route: pathname });
    response.end(String(process.pid));
  });
  server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
}
