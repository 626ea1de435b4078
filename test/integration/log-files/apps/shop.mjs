import { createServer } from "node:http";
import express from "express";
import { pino } from "pino";
import winston from "winston";
import { setOrganization, setUser } from "telltale";

/*
 * A shop that logs one order with each of its loggers, in a request and outside of one, and
 * ends.
 */
const sink = { write: () => {} };
const pinoLog = pino(sink);
const winstonLog = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.Console({ log: (_info, done) => done() })],
});

const app = express();
app.get("/orders/:id", (request, response) => {
  setUser({ id: "u-7" });
  setOrganization("o-3");
  pinoLog.info({ order: 12 }, "by pino");
  winstonLog.warn("by winston", { order: 12 });
  console.log("by console", 12);
  pinoLog.error(new TypeError("pino failed"));
  winstonLog.error(new RangeError("winston failed"));
  response.end();
});

const server = createServer(app).listen(0, "127.0.0.1", async () => {
  pinoLog.debug("hidden");
  pinoLog.info("outside");
  const { port } = server.address();
  await fetch(`http://127.0.0.1:${port}/orders/12`, { headers: { "x-request-id": "r-81" } });
  server.close();
});
