// A shop with routes, a counter of orders, a job and the age of a queue.
import { createServer } from "node:http";
import { metrics } from "@opentelemetry/api";
import express from "express";
import { counter, job } from "../../../dist/index.js";

const orders = counter("shop.orders", { labels: ["organization", "result"] });
// As the adaptor of a queue library observes it.
metrics
  .getMeter("queues")
  .createObservableGauge("telltale.queue.oldest_age", { unit: "s" })
  .addCallback((result) =>
    result.observe(3, { "messaging.system": "bullmq", "messaging.destination.name": "mails" }),
  );

const app = express();
app.get("/orders/:id", (_request, response) => {
  orders.add(1, { organization: "acme", result: "placed" });
  response.end("done");
});
app.get("/carts/:id", (_request, response) => void response.end("done"));
await job("nightly-invoices", async () => {})();
const server = createServer(app).listen(0, "127.0.0.1", () =>
  console.log(`port ${server.address().port}`),
);
