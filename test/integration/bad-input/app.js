import express from "express";
import winston from "winston";

/**
 * A small service without any telemetry code: one log line for each request, and a
 * route that fails.
 */
const log = winston.createLogger({ transports: [new winston.transports.Console()] });

const app = express();
app.get("/", (request, response) => {
  log.info("greeting", { agent: request.get("user-agent") });
  response.send("hello");
});
app.get("/fail", () => {
  throw new Error("out of luck");
});

const server = app.listen(0, "127.0.0.1", () => log.info("open", { port: server.address().port }));
