import { trace } from "@opentelemetry/api";
import express from "express";

const tracer = trace.getTracer("orders");
const stock = process.env.STOCK_URL;
const app = express();

app.post("/orders/:id", async (request, response) => {
  const shelf = await tracer.startActiveSpan("reserve", async (span) => {
    const answer = await fetch(`${stock}/${request.params.id}`);
    const { shelf } = await answer.json();
    span.end();
    return shelf;
  });
  if (request.query.fail !== undefined) throw new Error(`order ${request.params.id} failed`);
  response.json({ shelf });
});

const server = app.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
