const { createServer } = require("node:http");
const { once } = require("node:events");
const { Writable } = require("node:stream");
const { inspect } = require("node:util");
const winston = require("winston");
const bunyan = require("bunyan");
const pino = require(process.argv[2]);

/* Prints how often the app's own code runs for each of its lines, in a request. */
const nowhere = { write() {} };
const transport = (options = {}) =>
  new winston.transports.Stream({
    ...options,
    stream: new Writable({ write: (_, __, next) => next() }),
  });
const winstonOf = (format, ...transports) =>
  winston.createLogger({
    ...(format && { format }),
    transports: transports.length > 0 ? transports : [transport()],
  });
const { format } = winston;
const printf = format.printf(({ level, message, thing }) =>
  [level, message, thing].map(String).join(" "),
);

const loggers = {
  pino: pino({}, nowhere),
  "pino with a redaction": pino({ redact: ["other"] }, nowhere),
  "pino with a formatter": pino({ formatters: { log: (fields) => fields } }, nowhere),
  "pino with a hook": pino({ hooks: { streamWrite: (text) => text } }, nowhere),
  "pino with a nested key": pino({ nestedKey: "nested" }, nowhere),
  "a child of pino": pino({}, nowhere).child({ a: 1 }),
  bunyan: bunyan.createLogger({ name: "a", streams: [{ stream: nowhere }] }),
  "bunyan with a raw stream": bunyan.createLogger({
    name: "a",
    streams: [{ type: "raw", stream: nowhere }],
  }),
  winston: winstonOf(),
  "winston with timestamp() and json()": winstonOf(
    format.combine(format.timestamp(), format.json()),
  ),
  "winston with simple()": winstonOf(format.simple()),
  "winston with logstash()": winstonOf(format.logstash()),
  "winston with prettyPrint()": winstonOf(format.prettyPrint()),
  "winston with printf": winstonOf(printf),
  "winston with metadata()": winstonOf(format.combine(format.metadata(), format.json())),
  "winston with errors()": winstonOf(format.combine(format.errors({ stack: true }), format.json())),
  "winston with splat()": winstonOf(format.combine(format.splat(), format.json())),
  "winston with a transport's format": winstonOf(undefined, transport({ format: printf })),
  "a child of winston": winstonOf().child({ a: 1 }),
};

/** Values that an app may log. Each of their functions counts its calls. */
const things = {
  "a getter": (count) => ({
    get field() {
      count("getter");
      return "field";
    },
  }),
  "a getter of an id": (count) => ({
    get request_id() {
      count("getter");
      return "mine";
    },
  }),
  toJSON: (count) => ({
    toJSON() {
      count("toJSON");
      return "json";
    },
  }),
  toString: (count) => ({
    toString() {
      count("toString");
      return "string";
    },
  }),
  valueOf: (count) => ({
    valueOf() {
      count("valueOf");
      return 1;
    },
  }),
  "Symbol.toPrimitive": (count) => ({
    [Symbol.toPrimitive]() {
      count("toPrimitive");
      return "primitive";
    },
  }),
  inspect: (count) => ({
    [inspect.custom]() {
      count("inspect");
      return "inspected";
    },
  }),
  "an instance with getters": (count) => {
    class Thing {
      get request_id() {
        count("prototype's getter");
        return "a";
      }
      own = 1;
      toJSON() {
        count("toJSON");
        return { own: 2 };
      }
    }
    return new Thing();
  },
  "an error with getters": (count) =>
    Object.defineProperties(new Error("a"), {
      message: {
        get() {
          count("message");
          return "message";
        },
      },
      code: {
        enumerable: true,
        get() {
          count("code");
          return "E_CODE";
        },
      },
    }),
  "an error of a class with getters": (count) => {
    class Thrown extends Error {
      get name() {
        count("name");
        return "Thrown";
      }
      get code() {
        count("code");
        return "E";
      }
      toJSON() {
        count("toJSON");
        return {};
      }
    }
    return new Thrown("a");
  },
  "a list": (count) => [
    {
      toJSON() {
        count("toJSON");
        return 1;
      },
    },
    {
      get inner() {
        count("getter");
        return 2;
      },
    },
  ],
};

/** Ways to log one of these values. */
const ways = {
  "as a field": (logger, thing) => logger.info({ thing, message: "a" }, "a"),
  "after a message": (logger, thing) => logger.info("a", { thing }),
  "as an argument": (logger, thing) => logger.info("a %s", thing),
  "as the line": (logger, thing) => logger.info(thing),
  "as an error's line": (logger, thing) => logger.error(thing),
};

const consoleWays = {
  log: (thing) => console.log(thing),
  "log with %s": (thing) => console.log("%s", thing),
  "log with %d and %o": (thing) => console.log("%d %o", thing, thing),
  info: (thing) => console.info("a", thing),
  warn: (thing) => console.warn({ thing }),
  error: (thing) => console.error(thing),
  debug: (thing) => console.debug([thing]),
  dir: (thing) => console.dir(thing, { depth: 3 }),
  table: (thing) => console.table([{ thing }]),
  trace: (thing) => console.trace(thing),
  assert: (thing) => console.assert(false, thing),
  group: (thing) => {
    console.group(thing);
    console.groupEnd();
  },
};

function countsOf(log, make) {
  const counts = {};
  const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);
  const thing = make(count);
  try {
    log(thing);
  } catch (error) {
    counts.thrown = error.name;
  }
  return counts;
}

async function run() {
  const counts = {};
  const server = createServer((_request, response) => {
    for (const [thing, make] of Object.entries(things)) {
      for (const [name, logger] of Object.entries(loggers)) {
        for (const [way, log] of Object.entries(ways))
          counts[`${name}: ${thing} ${way}`] = countsOf((it) => log(logger, it), make);
      }
      for (const [way, log] of Object.entries(consoleWays))
        counts[`console.${way}: ${thing}`] = countsOf(log, make);
    }
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await (await fetch(`http://127.0.0.1:${server.address().port}/`)).arrayBuffer();
  server.close();
  process.stdout.write(`\n${JSON.stringify(counts)}\n`);
}

void run();
