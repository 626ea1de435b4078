/*
 * A shop whose spans and log records have more and longer attributes than some vendors
 * accept. Serves `ORDERS` requests, sends what it has recorded, and runs until it gets a
 * signal.
 */
import { createServer } from "node:http";
import { metrics, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import winston from "winston";

const ORDERS = Number(process.env.ORDERS ?? 5);
const NOTE_LENGTH = Number(process.env.NOTE_LENGTH ?? 20_000);

const log = winston.createLogger({ transports: [new winston.transports.Console()] });
const attributes = Object.fromEntries(
  Array.from({ length: 100 }, (_, at) => [`app.field.${at}`, at]),
);

const server = createServer((request, response) => {
  const note = noteOf(request.url);
  trace.getActiveSpan()?.setAttributes({ "app.note": note, ...attributes });
  log.info("order placed", { note, ...attributes });
  response.end("ok");
});

/** Text that can't be compressed to less than three quarters. */
function noteOf(seed) {
  const bytes = Uint8Array.from({ length: (NOTE_LENGTH * 3) / 4 }, () => Math.random() * 256);
  return seed + Buffer.from(bytes).toString("base64");
}

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
