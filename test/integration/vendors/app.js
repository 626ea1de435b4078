/*
 * A shop whose spans and log records have more and longer attributes than some vendors
 * accept. Serves `ORDERS` requests, sends what it has recorded, and runs until it gets a
 * signal.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { metrics, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import winston from "winston";

const ORDERS = Number(process.env.ORDERS ?? 5);
/** Lengths of texts. */
const NOTES = (process.env.NOTES ?? "20000").split(",").map(Number);

const log = winston.createLogger({ transports: [new winston.transports.Console()] });
const attributes = Object.fromEntries(
  Array.from({ length: 100 }, (_, at) => [`app.field.${at}`, at]),
);

const server = createServer((request, response) => {
  const notes = Object.fromEntries(NOTES.map((length, at) => [`app.note.${at}`, noteOf(length)]));
  trace.getActiveSpan()?.setAttributes({ ...notes, ...attributes });
  log.info("order placed", { ...notes, ...attributes });
  response.end("ok");
});

/** Text that can't be compressed to less than three quarters. */
function noteOf(length) {
  return randomBytes((length * 3) / 4).toString("base64");
}

const counter = metrics.getMeter("shop").createCounter("shop.stock.changes");
for (let item = 0; item < Number(process.env.SERIES ?? 0); item++) counter.add(1, { item });

server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}/orders`;
  for (let count = 0; count < ORDERS; count++) await (await fetch(url)).text();
  const providers = [
    trace.getTracerProvider(),
    metrics.getMeterProvider(),
    logs.getLoggerProvider(),
  ];
  await Promise.all(providers.map((provider) => provider.forceFlush()));
  console.log("flushed");
});
