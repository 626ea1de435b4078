import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import * as Sentry from "@sentry/core";
import express from "express";
import { captureException, job, withIsolationScope } from "telltale";
import winston from "winston";

/*
 * Logs errors that then pass other layers, or have passed them. The message of an error
 * names its case; arguments are the cases that end the process.
 */
const nowhere = { log: (_info, next) => next() };
const transportOf = (log) => new winston.Transport({ log });
const logger = winston.createLogger({ transports: transportOf(nowhere.log) });
const second = winston.createLogger({ transports: transportOf(nowhere.log) });
/** A transport for Sentry, as apps write it: it makes a new error of a line. */
const sentryTransport = transportOf((info, next) => {
  if (info.level === "error") Sentry.captureException(new Error(info.message));
  next();
});
const reporting = winston.createLogger({
  transports: [transportOf(nowhere.log), sentryTransport],
});
const shared = new Error("shared");

const app = express();
const cases = {
  "log, capture"(error) {
    logger.error(error);
    captureException(error);
  },
  "capture, log"(error) {
    captureException(error);
    logger.error("failed", error);
  },
  "log, throw"(error) {
    logger.error("failed", { err: error });
    throw error;
  },
  async "log, reject"(error) {
    logger.error(error);
    await pause(1);
    throw error;
  },
  "log, log"(error) {
    logger.error(error);
    second.error("again", error);
    console.error(error);
    reporting.error(error);
  },
  "log in a scope, throw"(error) {
    withIsolationScope(() => logger.error(error));
    throw error;
  },
  "log, wrap, throw"(error) {
    logger.error(error);
    throw new Error("wrapped: log, wrap, throw", { cause: error });
  },
  "transport with a message"(error) {
    reporting.error("failed", error);
  },
  "transport alone"(error) {
    reporting.error(error.message);
  },
  child(error) {
    logger.child({ child: true }).error(error);
    captureException(error);
  },
  warn(error) {
    logger.warn(error);
  },
  frozen(error) {
    logger.error("failed", Object.freeze(error));
    captureException(error);
  },
  shared() {
    logger.error(shared);
  },
  async job(error) {
    const work = job("deliver", async () => {
      logger.error(error);
      throw error;
    });
    try {
      await work();
    } catch (caught) {
      logger.error("in the request", caught);
    }
  },
};
for (const [name, act] of Object.entries(cases)) {
  app.get(`/${encodeURIComponent(name)}`, async (_request, response) => {
    await act(new TypeError(name));
    response.end();
  });
}
app.use((error, _request, response, _next) => {
  logger.error("in the error handler", error);
  response.status(500).end();
});

if (process.argv.includes("filter")) {
  Sentry.getIsolationScope().addEventProcessor((event) => {
    logger.error("in the filter", new Error("of the filter"));
    return event;
  });
  Sentry.getIsolationScope().addEventProcessor(async (event) => {
    await pause(1);
    logger.error("in the asynchronous filter", new Error("of the asynchronous filter"));
    return event;
  });
}

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
for (const name of [...Object.keys(cases), "shared"]) {
  const url = `http://127.0.0.1:${server.address().port}/${encodeURIComponent(name)}`;
  await (await fetch(url)).text();
}
await new Promise((resolve) => server.close(resolve));

const outside = new Error("outside");
logger.error(outside);
captureException(outside);
console.error("failed", outside);
const fatal = new Error("fatal");
logger.error(fatal);
if (process.argv.includes("rejection")) await Promise.reject(fatal);
if (process.argv.includes("exception")) throw fatal;
