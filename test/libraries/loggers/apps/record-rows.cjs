const { Writable } = require("node:stream");
const bunyan = require("bunyan");
const pino = require("pino");
const winston = require("winston");

/* Each row logs lines with one of the loggers, and knows the records that they have. */
const { format, transports } = winston;
const nowhere = () => new Writable({ write: (_chunk, _encoding, next) => next() });
const to = (options) => new transports.Stream({ stream: nowhere(), ...options });
const broken = () => new RangeError("broken");
const exception = { "exception.type": "RangeError", "exception.message": "broken" };

const levelsOf = (logger, names) => {
  for (const name of names) logger[name](name);
};
const numbered = (numbers) =>
  Object.entries(numbers).map(([name, number]) => ({ body: name, severity: [name, number] }));

function winstonRow(title, options, log, records) {
  return { title: `winston: ${title}`, run: () => log(winston.createLogger(options())), records };
}

const npm = { error: 17, warn: 13, info: 9, http: 7, verbose: 6, debug: 5, silly: 1 };
const syslog = {
  ...{ emerg: 21, alert: 19, crit: 18, error: 17, warning: 13, notice: 10, info: 9, debug: 5 },
};
const custom = { error: 0, success: 1, info: 2, chatty: 3 };
const failing = (title, log, body) =>
  winstonRow(title, () => ({ transports: [to()] }), log, [{ body, attributes: exception }]);

const winstonRows = [
  winstonRow(
    "a silent logger",
    () => ({ silent: true, transports: [to()] }),
    (logger) => logger.error("a"),
    [],
  ),
  winstonRow(
    "a silent transport",
    () => ({ transports: [to({ silent: true })] }),
    (logger) => logger.error("a"),
    [],
  ),
  winstonRow(
    "transports of several levels",
    () => ({
      level: "silly",
      transports: [to({ level: "error" }), to({ level: "info" }), to({ level: "warn" })],
    }),
    (logger) => levelsOf(logger, ["error", "warn", "info", "debug"]),
    numbered({ error: 17, warn: 13, info: 9 }),
  ),
  winstonRow(
    "npm's levels",
    () => ({ level: "silly", transports: [to()] }),
    (logger) => levelsOf(logger, Object.keys(npm)),
    numbered(npm),
  ),
  winstonRow(
    "syslog's levels",
    () => ({ level: "debug", levels: winston.config.syslog.levels, transports: [to()] }),
    (logger) => levelsOf(logger, Object.keys(syslog)),
    numbered(syslog),
  ),
  winstonRow(
    "levels of the app",
    () => ({ level: "chatty", levels: custom, transports: [to()] }),
    (logger) => levelsOf(logger, Object.keys(custom)),
    numbered({ error: 17, success: 9, info: 9, chatty: 9 }),
  ),
  winstonRow(
    "splat()",
    () => ({ format: format.combine(format.splat(), format.json()), transports: [to()] }),
    (logger) => logger.info("%s of %d", "cup", 3, { shelf: 7 }),
    [{ body: "cup of 3", attributes: { shelf: 7 } }],
  ),
  winstonRow(
    "a child of a child",
    () => ({ defaultMeta: { app: "shop" }, transports: [to()] }),
    (logger) => logger.child({ a: 1 }).child({ b: 2 }).info("a", { c: 3 }),
    [{ body: "a", attributes: { app: "shop", a: 1, b: 2, c: 3 } }],
  ),
  failing("an error beside a message", (logger) => logger.error("a", broken()), "a broken"),
  failing("an error", (logger) => logger.error(broken()), "broken"),
  failing("an error as a field", (logger) => logger.error("a", { cause: broken() }), "a"),
  failing(
    "an error in log()",
    (logger) => logger.log({ level: "error", message: broken() }),
    "broken",
  ),
];

function pinoRow(title, options, log, records) {
  const run = () => log(pino({ ...options, base: undefined }, nowhere()));
  return { title: `pino: ${title}`, run, records };
}

const pinoRows = [
  pinoRow("the level silent", { level: "silent" }, (logger) => logger.fatal("a"), []),
  pinoRow(
    "all levels",
    { level: "trace" },
    (logger) => levelsOf(logger, ["trace", "debug", "info", "warn", "error", "fatal"]),
    numbered({ trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 }),
  ),
  pinoRow(
    "levels of the app",
    { customLevels: { notice: 35, loud: 55 } },
    (logger) => levelsOf(logger, ["notice", "loud"]),
    numbered({ notice: 10, loud: 19 }),
  ),
  pinoRow("a mixin", { mixin: () => ({ tenant: "t" }) }, (logger) => logger.info({ a: 1 }, "a"), [
    { body: "a", attributes: { tenant: "t", a: 1 } },
  ]),
  pinoRow(
    "formatters",
    {
      formatters: {
        level: (label) => ({ level: label }),
        bindings: (bindings) => ({ ...bindings, bound: true }),
        log: (fields) => ({ ...fields, formatted: true }),
      },
    },
    (logger) => logger.child({ a: 1 }).warn({ b: 2 }, "a"),
    [
      {
        body: "a",
        severity: ["warn", 13],
        attributes: { a: 1, b: 2, bound: true, formatted: true },
      },
    ],
  ),
  pinoRow("nestedKey", { nestedKey: "payload" }, (logger) => logger.info({ a: 1 }, "a"), [
    { body: "a", attributes: { payload: { a: 1 } } },
  ]),
  pinoRow(
    "serializers",
    { serializers: { user: ({ id }) => id } },
    (logger) => logger.info({ user: { id: "u1", name: "ada" } }, "a"),
    [{ body: "a", attributes: { user: "u1" } }],
  ),
  pinoRow("another message key", { messageKey: "text" }, (logger) => logger.info("a"), [
    { body: "a" },
  ]),
  pinoRow("an error", {}, (logger) => logger.error(broken()), [
    { body: "broken", attributes: exception },
  ]),
  pinoRow("an error and a message", {}, (logger) => logger.error({ err: broken() }, "a"), [
    { body: "a", attributes: exception },
  ]),
  pinoRow("an error as a field", {}, (logger) => logger.error({ cause: broken() }, "a"), [
    { body: "a", attributes: exception },
  ]),
  pinoRow("another error key", { errorKey: "problem" }, (logger) => logger.error(broken(), "a"), [
    { body: "a", attributes: exception },
  ]),
];

function bunyanRow(title, options, log, records) {
  const run = () =>
    log(
      bunyan.createLogger({
        name: "shop",
        streams: [{ level: "trace", stream: nowhere() }],
        ...options,
      }),
    );
  return { title: `bunyan: ${title}`, run, records };
}

const bunyanRows = [
  bunyanRow(
    "a level above all",
    { streams: [{ level: bunyan.FATAL + 1, stream: nowhere() }] },
    (logger) => logger.fatal("a"),
    [],
  ),
  bunyanRow(
    "all levels",
    {},
    (logger) => levelsOf(logger, ["trace", "debug", "info", "warn", "error", "fatal"]),
    numbered({ trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 }),
  ),
  bunyanRow("a child", {}, (logger) => logger.child({ a: 1 }, true).info({ b: 2 }, "a"), [
    { body: "a", attributes: { name: "shop", a: 1, b: 2 } },
  ]),
  bunyanRow(
    "serializers",
    { serializers: { user: ({ id }) => id } },
    (logger) => logger.info({ user: { id: "u1", name: "ada" } }, "a"),
    [{ body: "a", attributes: { name: "shop", user: "u1" } }],
  ),
  bunyanRow("the source", { src: true }, (logger) => logger.info("a"), [
    { body: "a", attributes: { name: "shop", src: "record-rows.cjs" } },
  ]),
  bunyanRow(
    "several streams",
    {
      streams: [
        { level: "info", stream: nowhere() },
        { level: "error", stream: nowhere() },
      ],
    },
    (logger) => levelsOf(logger, ["debug", "info", "error"]),
    numbered({ info: 9, error: 17 }),
  ),
  bunyanRow(
    "an error",
    { serializers: bunyan.stdSerializers },
    (logger) => {
      logger.error(broken(), "a");
      logger.error({ err: broken() }, "b");
    },
    [
      { body: "a", attributes: { name: "shop", ...exception } },
      { body: "b", attributes: { name: "shop", ...exception } },
    ],
  ),
];

exports.rows = [...winstonRows, ...pinoRows, ...bunyanRows];

/** Loggers that log where a row ends: a receiver gets the records of each scope together. */
const enders = {
  winston: winston.createLogger({ transports: [to()] }),
  pino: pino(nowhere()),
  bunyan: bunyan.createLogger({ name: "end", streams: [{ stream: nowhere() }] }),
};

async function run() {
  for (const { title, run: log } of exports.rows) {
    log();
    // Winston's streams flow from the next turn on.
    await new Promise(setImmediate);
    enders[title.split(":")[0]].info("end of row");
  }
}

if (require.main === module) void run();
