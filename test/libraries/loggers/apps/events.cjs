const { once } = require("node:events");
const { createServer } = require("node:http");
const { Writable } = require("node:stream");
const bunyan = require(process.argv[3]);
const pino = require(process.argv[2]);

/*
 * Logs errors in all the ways of each logger, within a request and outside of any. The
 * message of an error names its call. The names of calls that are no events begin with "no".
 */
const telltale = globalThis[Symbol.for("telltale")];
const nowhere = { write() {} };
const bunyanOf = (options = {}) =>
  bunyan.createLogger({ name: "shop", streams: [{ stream: nowhere }], ...options });

const pinoLogger = pino({ name: "shop" }, nowhere);
const redacting = pino({ redact: ["err.message", "err.stack"] }, nowhere);
const hiding = pino({ redact: ["err"] }, nowhere);
const pinoCalls = {
  error: (error) => pinoLogger.error(error),
  fatal: (error) => pinoLogger.fatal(error, "a message"),
  field: (error) => pinoLogger.error({ err: error, order: 7 }, "a message"),
  "other field": (error) => pinoLogger.error({ error }, "a message"),
  child: (error) => pinoLogger.child({ a: 1 }).error(error),
  hook: (error) => pino({ hooks: { streamWrite: (text) => text } }, nowhere).error(error),
  nested: (error) => pino({ nestedKey: "nested" }, nowhere).error(error),
  serializer: (error) => pino({ serializers: { err: (one) => one.message } }, nowhere).error(error),
  redacted: (error) => redacting.error(error),
  "no hidden": (error) => hiding.error(error),
  "no warning": (error) => pinoLogger.warn(error),
  "no error": (error) => pinoLogger.error({ err: error.message }, "a message"),
  "no level": (error) => pino({ level: "silent" }, nowhere).error(error),
};
const bunyanCalls = {
  error: (error) => bunyanOf().error(error),
  fatal: (error) => bunyanOf().fatal(error, "a message"),
  field: (error) =>
    bunyanOf({ serializers: bunyan.stdSerializers }).error({ err: error, order: 7 }),
  unserialized: (error) => bunyanOf().error({ err: error }, "a message"),
  "other field": (error) => bunyanOf().error({ error }, "a message"),
  child: (error) => bunyanOf({ serializers: bunyan.stdSerializers }).child({ a: 1 }).error(error),
  serializer: (error) =>
    bunyanOf({ serializers: { err: ({ message }) => ({ message }) } }).error(error),
  "text serializer": (error) => bunyanOf({ serializers: { err: String } }).error(error),
  "child with serializers": (error) =>
    bunyanOf()
      .child({ serializers: { err: (one) => ({ text: String(one) }) } })
      .error(error),
  raw: (error) => bunyanOf({ streams: [{ type: "raw", stream: nowhere }] }).error(error),
  "no warning": (error) => bunyanOf().warn(error),
  "no level": (error) => bunyanOf({ level: "fatal" }).error(error),
};
const silent = new console.Console(new Writable({ write: (_chunk, _encoding, next) => next() }));
const consoleCalls = {
  error: (error) => console.error(error),
  argument: (error) => console.error("a message", 7, error),
  format: (error) => console.error("failed: %s", error),
  "no warning": (error) => console.warn(error),
  "no log": (error) => console.log("failed", error),
  "no error": (error) => console.error(error.stack),
  "no trace": (error) => console.trace(error),
  "no global console": (error) => silent.error(error),
};
const loggers = { pino: pinoCalls, bunyan: bunyanCalls, console: consoleCalls };

/** Logs each error several times, captures it, and lets it pass on. */
function logAll(place) {
  for (const [logger, calls] of Object.entries(loggers)) {
    for (const [name, write] of Object.entries(calls)) {
      const error = new TypeError(`${place}: ${logger}: ${name}`);
      write(error);
      write(error);
      if (!name.startsWith("no ")) telltale.errors.captureException(error);
    }
  }
}

async function main() {
  const server = createServer((_request, response) => {
    logAll("request");
    response.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  await (await fetch(`http://127.0.0.1:${server.address().port}/`)).text();
  server.close();
  logAll("process");
}

void main();
