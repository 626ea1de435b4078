"use strict";
const { createServer } = require("node:http");
const { trace, SpanStatusCode } = require("@opentelemetry/api");
const { createBarrier } = require("../../../../barrier.cjs");
const { pause } = require("../../../../pause.cjs");
const { createLoggers } = require("./buffered-loggers.cjs");

/** What requests do between their lines and their response. Each returns the status. */
const outcomes = (telltale, logger) => ({
  ok: async () => 200,
  "not found": async () => 404,
  "server error": async () => 503,
  "captured error": async () => {
    telltale.captureException(new Error("captured"));
    return 200;
  },
  "logged error": async () => {
    logger.error(new Error("logged"));
    return 200;
  },
  "failed span": async () => {
    trace.getTracer("shop").startActiveSpan("charge", (span) => {
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    return 200;
  },
  "too many lines": async () => {
    for (let number = 3; number <= 1500; number++) log(logger, "many", number);
    return 500;
  },
  "too long lines": async () => {
    for (let number = 3; number <= 22; number++) log(logger, "x".repeat(1000), number);
    logger.debug("y".repeat(1_100_000));
    return 500;
  },
  slow: async () => {
    await pause(3100);
    return 200;
  },
  "client abort": async (request) => {
    await new Promise((resolve) => request.once("close", resolve));
    return 200;
  },
  "job done": async () => {
    await telltale.job("tidy", async () => log(logger, "job", 2))();
    return 200;
  },
  "job failed": async () => {
    const job = async () => {
      log(logger, "job", 1);
      throw new Error("failed");
    };
    await telltale
      .job("tidy", job)()
      .catch(() => {});
    return 200;
  },
  fatal: () => {
    setImmediate(() => {
      throw new Error("fatal");
    });
    return new Promise(() => {});
  },
});

/** Logs a line of level debug in the signature of each logger. */
function log(logger, message, number) {
  const fields = { number, state: { value: number }, password: "s3cret-password" };
  if (logger.bindings === undefined) logger.debug(message, fields);
  else logger.debug(fields, message);
  fields.state.value = "changed";
}

/** Serves requests whose path is `/<id>/<outcome>`; those of a batch meet between their lines. */
exports.loadBuffered = ({ name, telltale, ...libraries }) => {
  const logger = createLoggers(libraries)[name]();
  const run = outcomes(telltale, logger);
  let arrive = async () => {};
  log(logger, "outside", 1);
  const server = createServer(async (request, response) => {
    const [, id, outcome] = decodeURIComponent(request.url).split("/");
    if (id === "end") {
      response.end();
      server.close();
      server.closeAllConnections();
      return;
    }
    if (id === "batch") {
      arrive = createBarrier(Number(outcome));
      response.end();
      return;
    }
    if (id === "level") {
      const isEnabled = logger.isLevelEnabled("debug") || logger.isDebugEnabled?.() === true;
      response.writeHead(isEnabled ? 200 : 404).end();
      return;
    }
    log(logger, id, 1);
    await pause(50);
    await arrive();
    logger.info(id);
    log(logger, id, 2);
    response.statusCode = await run[outcome](request);
    log(logger, id, 3);
    response.end();
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
};
