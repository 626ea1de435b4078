const { createServer } = require("node:http");
const { once } = require("node:events");
const { Writable } = require("node:stream");
const { logs } = require("@opentelemetry/api");
const { logs: oldLogs } = require("@opentelemetry/api-logs");

/*
 * Logs with a logger that has a transport for OpenTelemetry already, or a stream of the
 * app that emits records. The argument is the name of a row.
 */
const nowhere = new Writable({ write: (_chunk, _encoding, next) => next() });

/** Logs the same lines with any of the loggers. */
function log(logger) {
  logger.info("plain");
  logger.warn("low");
  logger.child({ shelf: 3 }).info("of a child");
}

function instrument(Instrumentation) {
  new Instrumentation().enable();
}

/** Creates a logger of winston whose second transport exports. */
function winstonWith(transport, level) {
  const winston = require("winston");
  return winston.createLogger({
    transports: [new winston.transports.Stream({ stream: nowhere, level: "info" }), transport],
    ...(level && { level }),
  });
}

function winstonTransport(options) {
  const { OpenTelemetryTransportV3 } = require("@opentelemetry/winston-transport");
  return new OpenTelemetryTransportV3(options);
}

/** A transport of the app that emits a record, and an event beside each warning. */
function ownTransport() {
  const Transport = require("winston-transport");
  return new (class extends Transport {
    log(info, next) {
      emitOwn(info.level, info.message);
      next();
    }
  })();
}

function emitOwn(level, body) {
  logs.getLogger("own").emit({ severityText: level, body });
  if (level === "warn") oldLogs.getLogger("own").emit({ eventName: "shelf.low", body: "an event" });
}

function pinoTransport(options = {}) {
  const processor = { recordProcessorType: "simple" };
  return {
    target: "pino-opentelemetry-transport",
    options: { loggerName: "own", logRecordProcessorOptions: processor },
    ...options,
  };
}

const toFile = { target: "pino/file", options: { destination: "/dev/null" } };

const rows = {
  "winston, with OpenTelemetry's transport": () => log(winstonWith(winstonTransport())),
  "winston, with OpenTelemetry's transport for warnings": () =>
    log(winstonWith(winstonTransport({ level: "warn" }))),
  "winston, with only OpenTelemetry's transport": () => {
    log(require("winston").createLogger({ transports: [winstonTransport()] }));
  },
  "winston, with the name of an event": () =>
    winstonWith(winstonTransport()).info("plain", { "otel.event.name": "shelf.low" }),
  "winston, with OpenTelemetry's instrumentation": () => {
    instrument(require("@opentelemetry/instrumentation-winston").WinstonInstrumentation);
    log(winstonWith(ownStream()));
  },
  "winston, with a transport of the app": () => log(winstonWith(ownTransport())),
  "bunyan, with OpenTelemetry's instrumentation": () => {
    instrument(require("@opentelemetry/instrumentation-bunyan").BunyanInstrumentation);
    log(bunyan());
  },
  "bunyan, with OpenTelemetry's stream": () => {
    const { OpenTelemetryBunyanStream } = require("@opentelemetry/instrumentation-bunyan");
    log(bunyan({ type: "raw", stream: new OpenTelemetryBunyanStream() }));
  },
  "bunyan, with the name of an event": () =>
    bunyan().info({ "otel.event.name": "shelf.low" }, "plain"),
  "bunyan, with a stream of the app": () =>
    log(
      bunyan({
        stream: {
          write(text) {
            const { level, msg } = JSON.parse(text);
            emitOwn(level === 40 ? "warn" : "info", msg);
          },
        },
      }),
    ),
  "pino, with OpenTelemetry's instrumentation": () => {
    instrument(require("@opentelemetry/instrumentation-pino").PinoInstrumentation);
    log(require("pino")({}, nowhere));
  },
  "pino, with the name of an event": () =>
    require("pino")({}, nowhere).info({ "otel.event.name": "shelf.low" }, "plain"),
  "pino, with a stream of the app": () =>
    log(
      require("pino")(
        {},
        {
          write(text) {
            const { level, msg } = JSON.parse(text);
            emitOwn(level === 40 ? "warn" : "info", msg);
          },
        },
      ),
    ),
  "pino, with pino-opentelemetry-transport": () => logInThread([pinoTransport()]),
  "pino, with pino-opentelemetry-transport among targets": () =>
    logInThread([pinoTransport(), toFile]),
  "pino, with pino-opentelemetry-transport for warnings": () =>
    logInThread([pinoTransport({ level: "warn" }), toFile]),
  "pino, with pino-opentelemetry-transport and without duplicates among targets": () =>
    logInThread([pinoTransport({ level: "info" }), { ...toFile, level: "warn" }], {
      dedupe: true,
    }),
  "pino, with pino-opentelemetry-transport in a pipeline": () => {
    const { pino } = require("pino");
    return logTo(pino.transport({ pipeline: [pinoTransport()] }));
  },
  "pino, with pino-opentelemetry-transport for warnings among streams": () => {
    const { pino } = require("pino");
    const thread = pino.transport(pinoTransport());
    return logTo(
      thread,
      pino.multistream([{ stream: nowhere }, { level: "warn", stream: thread }]),
    );
  },
};

function ownStream() {
  const winston = require("winston");
  return new winston.transports.Stream({ stream: nowhere });
}

function bunyan(...streams) {
  return require("bunyan").createLogger({
    name: "shop",
    streams: [{ stream: nowhere }, ...streams],
  });
}

function logInThread([first, ...others], options) {
  const { pino } = require("pino");
  const thread = pino.transport(
    others.length === 0 ? first : { targets: [first, ...others], ...options },
  );
  return logTo(thread);
}

async function logTo(thread, stream = thread) {
  log(require("pino")({}, stream));
  const waiting = setInterval(() => {}, 1000);
  thread.end();
  await once(thread, "close");
  clearInterval(waiting);
}

async function run() {
  const threads = [];
  const server = createServer((_request, response) => {
    threads.push(rows[process.argv[2]]());
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await (await fetch(`http://127.0.0.1:${server.address().port}/`)).arrayBuffer();
  server.close();
  await Promise.all(threads);
}

void run();
