import express from "express";
import { captureException, captureMessage } from "telltale";
import winston from "winston";

const { combine, json, timestamp } = winston.format;
const logger = winston.createLogger({
  format: combine(timestamp(), json()),
  transports: [new winston.transports.Console()],
});
const app = express();

/** Captures an error, logs it and fails of another one. */
app.get("/orders/:id", (request, _response) => {
  logger.info("before the capture", { order: request.params.id });
  captureMessage("a message", "info");
  logger.info("after the message", { order: request.params.id });
  const error = new Error(`no stock for order ${request.params.id}`);
  captureException(error);
  logger.error("after the capture", { order: request.params.id });
  throw new Error(`order ${request.params.id} failed`);
});

app.get("/healthy", (_request, response) => {
  logger.info("healthy");
  response.send("fine");
});

const server = app.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
