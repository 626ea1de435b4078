import { createServer } from "node:http";
import { metrics } from "@opentelemetry/api";

/** A service with metrics of its own, in every kind and with names that are hard to write. */
const meter = metrics.getMeter("shop", "1.2");
const orders = meter.createCounter("shop.orders", { unit: "{order}", description: 'Orders\n"d"' });
const size = meter.createHistogram("shop.cart.size", { unit: "By", description: "Size" });
meter.createUpDownCounter("shop.baskets").add(3, { größe: "\\n" });
meter.createGauge("shop.load", { unit: "1" }).record(0.5, { "a.b": "1", a_b: "2" });
meter.createObservableCounter("shop.visits").addCallback((result) => result.observe(7));

const server = createServer((request, response) => {
  orders.add(1, { kind: "book" });
  size.record(1000);
  response.end("done");
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
