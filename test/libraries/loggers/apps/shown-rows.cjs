const { Writable } = require("node:stream");
const { inspect } = require("node:util");
const winston = require("winston");
const bunyan = require("bunyan");

/*
 * Each row logs a line with a secret, which the app hides by one of the means of its
 * logger, and with a word that it shows. `shown` receives the text that is written.
 */
const hide = (text) => String(text).replace(/secret-\d+/g, "****");
const hideAll = (value) => JSON.parse(hide(JSON.stringify(value)));
const without = (fields, key) => {
  const rest = { ...fields };
  delete rest[key];
  return rest;
};
const { format } = winston;
const MESSAGE = Symbol.for("message");
const LEVEL = Symbol.for("level");
const mask = format((info) => Object.assign(info, { message: hide(info.message) }));

/** Creates a row of pino: the options of the logger, and the call that logs. */
function pinoRow(title, options, log, streams) {
  return {
    title: `pino: ${title}`,
    run({ pino, shown, secret, visible }) {
      const stream = { write: (text) => shown(String(text)) };
      log(pino({ level: "info", ...options }, streams ? streams(pino, stream) : stream), {
        secret,
        visible,
      });
    },
  };
}

const info = (logger, { secret, visible }) => logger.info({ card: secret, item: visible }, "paid");
const nested = (logger, { secret, visible }) =>
  logger.info({ card: { number: secret, owner: visible } }, "paid");
const both = (logger, { secret, visible }) => logger.info({ card: secret }, `${visible} ${secret}`);
const failed =
  (key) =>
  (logger, { secret, visible }) =>
    logger.error({ [key]: new Error(secret), item: visible }, "failed");
const typeOnly = (error) => ({ type: error.name });

const pinoRows = [
  pinoRow("redact a field", { redact: ["card"] }, info),
  pinoRow("redact a nested field", { redact: ["card.number"] }, nested),
  pinoRow("redact by a wildcard", { redact: ["*.number"] }, nested),
  pinoRow("redact and remove", { redact: { paths: ["card"], remove: true } }, info),
  pinoRow("redact by a function", { redact: { paths: ["card"], censor: () => "****" } }, info),
  pinoRow("redact a binding", { redact: ["card"] }, (logger, { secret, visible }) =>
    logger.child({ card: secret }).info({ item: visible }, "paid"),
  ),
  pinoRow(
    "redact an error's message",
    { redact: ["err.message", "err.stack"] },
    (logger, { secret, visible }) =>
      logger.error({ err: new Error(secret), item: visible }, "failed"),
  ),
  pinoRow("a serializer", { serializers: { card: () => "****" } }, info),
  pinoRow("a serializer of a child", {}, (logger, values) =>
    info(logger.child({}, { serializers: { card: () => "****" } }), values),
  ),
  pinoRow(
    "a serializer of the message",
    { serializers: { msg: hide } },
    (logger, { secret, visible }) => logger.info(`${visible} ${secret}`),
  ),
  pinoRow("a serializer of errors", { serializers: { err: typeOnly } }, failed("err")),
  pinoRow(
    "a serializer of an error of another name",
    { serializers: { cause: typeOnly } },
    failed("cause"),
  ),
  pinoRow(
    "another error key",
    { errorKey: "problem", serializers: { problem: typeOnly, err: typeOnly } },
    failed("problem"),
  ),
  pinoRow("formatters.log", { formatters: { log: hideAll } }, nested),
  pinoRow(
    "formatters.log that removes an error",
    { formatters: { log: (fields) => without(fields, "cause") } },
    failed("cause"),
  ),
  pinoRow(
    "a mixin that overrides fields",
    { mixin: () => ({ card: "****" }), mixinMergeStrategy: (own, mixed) => ({ ...own, ...mixed }) },
    info,
  ),
  pinoRow(
    "hooks.logMethod",
    {
      hooks: {
        logMethod(args, method) {
          return method.apply(
            this,
            args.map((arg) => (typeof arg === "string" ? hide(arg) : hideAll(arg))),
          );
        },
      },
    },
    both,
  ),
  pinoRow("hooks.streamWrite", { hooks: { streamWrite: hide } }, both),
  pinoRow("hooks.streamWrite of a child", { hooks: { streamWrite: hide } }, (logger, values) =>
    both(logger.child({ a: 1 }), values),
  ),
  pinoRow(
    "hooks.streamWrite that returns no JSON",
    { hooks: { streamWrite: (text) => `${hide(JSON.parse(text).msg)}\n` } },
    both,
  ),
  pinoRow(
    "hooks.streamWrite that adds a prefix",
    { hooks: { streamWrite: (text) => `<6>${hide(text)}` } },
    both,
  ),
  pinoRow(
    "hooks.streamWrite, and an error that JSON shows nothing of",
    { hooks: { streamWrite: hide } },
    failed("cause"),
  ),
  pinoRow("nestedKey and redact", { nestedKey: "payload", redact: ["card"] }, info),
  pinoRow(
    "nestedKey and a serializer of errors",
    { nestedKey: "payload", serializers: { err: typeOnly } },
    failed("err"),
  ),
  pinoRow(
    "another message key and a hook",
    { messageKey: "text", hooks: { streamWrite: hide } },
    both,
  ),
  pinoRow("a prefix of messages", { msgPrefix: "shop: ", redact: ["card"] }, info),
  pinoRow("toJSON", {}, (logger, { secret, visible }) =>
    logger.info(
      { card: { number: secret, toJSON: () => ({ number: "****", owner: visible }) } },
      "paid",
    ),
  ),
  pinoRow("a property that is not enumerable", {}, (logger, { secret, visible }) =>
    logger.info(Object.defineProperty({ item: visible }, "card", { value: secret }), "paid"),
  ),
  pinoRow(
    "a level that no stream accepts",
    {},
    (logger, { secret, visible }) => {
      logger.info({ card: secret }, "paid");
      logger.error({ item: visible }, "failed");
    },
    (pino, stream) => pino.multistream([{ level: "error", stream }]),
  ),
];

function bunyanRow(title, options, log, kind = {}) {
  return {
    title: `bunyan: ${title}`,
    run({ shown, secret, visible }) {
      const stream = {
        write: (line) => shown(typeof line === "string" ? line : JSON.stringify(line)),
      };
      const { wrap = (one) => one, ...rest } = kind;
      log(
        bunyan.createLogger({
          name: "shop",
          ...options,
          streams: [{ ...rest, stream: wrap(stream) }],
        }),
        { secret, visible },
      );
    },
  };
}

const bunyanRows = [
  bunyanRow("a serializer", { serializers: { card: () => "****" } }, info),
  bunyanRow("a serializer of a child", {}, (logger, values) =>
    info(logger.child({ serializers: { card: () => "****" } }), values),
  ),
  bunyanRow("a serializer of errors", { serializers: { err: typeOnly } }, failed("err")),
  bunyanRow(
    "a serializer of an error of another name",
    { serializers: { cause: typeOnly } },
    failed("cause"),
  ),
  bunyanRow("toJSON", {}, (logger, { secret, visible }) =>
    logger.info({ card: { number: secret, toJSON: () => ({ owner: visible }) } }, "paid"),
  ),
  bunyanRow("a raw stream that changes the line", {}, info, {
    type: "raw",
    wrap: (stream) => ({ write: (line) => stream.write(Object.assign(line, { card: "****" })) }),
  }),
  bunyanRow(
    "a level that no stream accepts",
    {},
    (logger, { secret, visible }) => {
      logger.info({ card: secret }, "paid");
      logger.error({ item: visible }, "failed");
    },
    { level: "error" },
  ),
];

function winstonRow(title, options, log = paid) {
  return {
    title: `winston: ${title}`,
    run({ shown, secret, visible }) {
      const to = (more = {}) =>
        new winston.transports.Stream({
          ...more,
          eol: "\n",
          stream: new Writable({
            write(text, _, next) {
              shown(String(text));
              next();
            },
          }),
        });
      const { transports = [to()], ...rest } =
        typeof options === "function" ? options(to, { shown }) : options;
      log(winston.createLogger({ ...rest, transports }), { secret, visible });
    },
  };
}

const paid = (logger, { secret, visible }) => logger.info(`${visible} ${secret}`);
const withFields = (logger, { secret, visible }) =>
  logger.info("paid", { card: secret, item: visible });
const withError = (logger, { secret, visible }) =>
  logger.error(`failed ${visible}`, { err: new Error(secret) });
const text = format.printf(({ level, message }) => `${level}: ${hide(message)}`);
const maskFields = format((info) => Object.assign(info, { card: "****" }));

const winstonRows = [
  winstonRow("printf that hides in the message", { format: text }),
  winstonRow(
    "printf that leaves out a field",
    { format: format.printf(({ message, item }) => `${String(message)} item=${String(item)}`) },
    withFields,
  ),
  winstonRow("printf that leaves out an error", { format: text }, withError),
  winstonRow("printf that hides in JSON", {
    format: format.printf((info) => hide(JSON.stringify(info))),
  }),
  winstonRow(
    "printf that hides in JSON, with an error in it",
    { format: format.printf((info) => hide(JSON.stringify(info))) },
    withError,
  ),
  winstonRow(
    "printf with JSON at its end",
    {
      format: format.printf(
        ({ message, level, ...rest }) =>
          `${level} ${String(message)} ${JSON.stringify(without(rest, "card"))}`,
      ),
    },
    withFields,
  ),
  winstonRow("a format before json()", { format: format.combine(mask(), format.json()) }),
  winstonRow(
    "a format that hides in a field",
    { format: format.combine(maskFields(), format.json()) },
    withFields,
  ),
  winstonRow("a format that hides in the text after json()", {
    format: format.combine(
      format.json(),
      format((info) => Object.assign(info, { [MESSAGE]: hide(info[MESSAGE]) }))(),
    ),
  }),
  winstonRow("a replacer of json()", {
    format: format.json({
      replacer: (_, value) => (typeof value === "string" ? hide(value) : value),
    }),
  }),
  winstonRow(
    "a replacer of json() that hides a field",
    { format: format.json({ replacer: (key, value) => (key === "card" ? undefined : value) }) },
    withFields,
  ),
  winstonRow("logstash()", { format: format.combine(mask(), format.logstash()) }),
  winstonRow(
    "logstash() and a time",
    { format: format.combine(maskFields(), format.timestamp(), format.logstash()) },
    withFields,
  ),
  winstonRow("simple()", { format: format.combine(mask(), format.simple()) }),
  winstonRow(
    "simple() with fields",
    { format: format.combine(maskFields(), format.simple()) },
    withFields,
  ),
  winstonRow("cli()", { format: format.combine(mask(), format.cli()) }),
  winstonRow(
    "prettyPrint()",
    { format: format.combine(maskFields(), format.prettyPrint()) },
    withFields,
  ),
  winstonRow("colorize() and printf", {
    format: format.combine(format.colorize({ all: true }), text),
  }),
  winstonRow("uncolorize() and label()", {
    format: format.combine(
      mask(),
      format.uncolorize(),
      format.label({ label: "shop" }),
      format.json(),
    ),
  }),
  winstonRow(
    "metadata()",
    { format: format.combine(maskFields(), format.metadata(), format.json()) },
    withFields,
  ),
  winstonRow(
    "errors() and a format",
    {
      format: format.combine(
        format.errors({ stack: true }),
        format((info) =>
          Object.assign(info, { message: hide(info.message), stack: hide(info.stack) }),
        )(),
        format.json(),
      ),
    },
    (logger, { secret, visible }) => logger.error(new Error(`${visible} ${secret}`)),
  ),
  winstonRow(
    "errors() and printf",
    {
      format: format.combine(
        format.errors({ stack: true }),
        format.printf(({ message, stack }) => hide(`${String(message)} ${String(stack)}`)),
      ),
    },
    (logger, { secret, visible }) => logger.error(new Error(`${visible} ${secret}`)),
  ),
  winstonRow(
    "splat() and a format",
    { format: format.combine(format.splat(), mask(), format.json()) },
    (logger, { secret, visible }) => logger.info("%s %s", visible, secret),
  ),
  winstonRow("a format that returns another object", {
    format: format((line) => ({
      [LEVEL]: line[LEVEL],
      [MESSAGE]: JSON.stringify({ text: hide(line.message) }),
    }))(),
  }),
  winstonRow(
    "a format that removes the message",
    { format: format.combine(format((line) => without(line, "message"))(), format.json()) },
    (logger, { secret, visible }) => logger.info(secret, { item: visible }),
  ),
  winstonRow("the format of the only transport", (to) => ({
    transports: [to({ format: format.combine(mask(), format.json()) })],
  })),
  winstonRow("printf of the only transport", (to) => ({ transports: [to({ format: text })] })),
  winstonRow("the formats of two transports", (to) => ({
    transports: [to({ format: text }), to({ format: format.combine(mask(), format.json()) })],
  })),
  winstonRow("a format of both", (to) => ({
    format: format.json(),
    transports: [to({ format: format.combine(mask(), format.json()) })],
  })),
  winstonRow("the format of a transport, beside one of another level", (to) => ({
    transports: [to({ level: "error" }), to({ format: text })],
  })),
  winstonRow("the format of a transport, beside one that is silent", (to) => ({
    transports: [to({ silent: true }), to({ format: text })],
  })),
  winstonRow("the format of a transport that shows the fields", (_, { shown }) => ({
    transports: [
      new winston.Transport({
        format: mask(),
        log(line, next) {
          shown(line.message);
          next();
        },
      }),
    ],
  })),
  winstonRow(
    "the format of a transport that is busy",
    (_, { shown }) => ({
      transports: [
        new winston.Transport({
          highWaterMark: 1,
          format: text,
          log(line, next) {
            shown(line[MESSAGE]);
            setImmediate(() => next());
          },
        }),
      ],
    }),
    (logger, values) => {
      for (let at = 0; at < 5; at++) paid(logger, values);
    },
  ),
  winstonRow(
    "a format that filters",
    {
      format: format.combine(
        format((line) => (line.level === "info" ? false : line))(),
        format.json(),
      ),
    },
    (logger, { secret, visible }) => {
      logger.info(secret);
      logger.error(visible);
    },
  ),
  winstonRow(
    "a level that no transport accepts",
    (to) => ({ transports: [to({ level: "error" })] }),
    (logger, { secret, visible }) => {
      logger.info(secret);
      logger.error(visible);
    },
  ),
  winstonRow(
    "a child's fields",
    { format: format.combine(maskFields(), format.json()) },
    (logger, { secret, visible }) => logger.child({ card: secret }).info(visible),
  ),
  winstonRow("toJSON", { format: format.json() }, (logger, { secret, visible }) =>
    logger.info("paid", { card: { number: secret, toJSON: () => ({ owner: visible }) } }),
  ),
  winstonRow(
    "a property that is not enumerable",
    { format: format.json() },
    (logger, { secret, visible }) =>
      logger.info("paid", {
        card: Object.defineProperty({ owner: visible }, "number", { value: secret }),
      }),
  ),
];

/** An error that defines its own JSON and its own inspection. */
class Guarded extends Error {
  name = "Guarded";
  toJSON() {
    return { shown: hide(this.message) };
  }
  [inspect.custom]() {
    return hide(`${this.name}: ${this.message}`);
  }
}

const guarded = (logger, { secret, visible }) =>
  logger.error({ cause: new Guarded(secret), item: visible }, "failed");

class Card {
  #number;
  constructor(number, owner) {
    this.#number = number;
    this.owner = owner;
  }
  get number() {
    return this.#number;
  }
  [inspect.custom]() {
    return `Card of ${this.owner}`;
  }
}

function consoleRow(title, method, args) {
  return {
    title: `console: ${title}`,
    run: ({ secret, visible }) => console[method](...args({ secret, visible })),
    onConsole: true,
  };
}

const consoleRows = [
  consoleRow("inspect", "log", ({ secret, visible }) => [new Card(secret, visible)]),
  consoleRow("inspect, in a map", "info", ({ secret, visible }) => [
    { card: new Card(secret, visible) },
  ]),
  consoleRow("toString", "warn", ({ secret, visible }) => [
    "%s",
    { number: secret, toString: () => visible },
  ]),
  consoleRow("the argument of %c", "error", ({ secret, visible }) => [
    "%cpaid %s",
    secret,
    visible,
  ]),
  consoleRow("depth", "dir", ({ secret, visible }) => [
    { [visible]: { b: { c: { number: secret } } } },
    { depth: 0 },
  ]),
  consoleRow("a getter", "debug", ({ secret, visible }) => [
    {
      visible,
      get card() {
        return secret;
      },
    },
  ]),
];

const guardedRows = [
  pinoRow("an error with a toJSON", {}, guarded),
  bunyanRow("an error with a toJSON", {}, guarded),
  winstonRow("an error with a toJSON", { format: format.json() }, (logger, { secret, visible }) =>
    logger.error("failed", { cause: new Guarded(secret), item: visible }),
  ),
  winstonRow(
    "a replacer that hides an error",
    (to) => ({
      format: format.json({ replacer: (key, value) => (key === "cause" ? "****" : value) }),
      transports: [to()],
    }),
    (logger, { secret, visible }) =>
      logger.error("failed", { cause: new Error(secret), item: visible }),
  ),
  winstonRow(
    "printf, and a field without a name",
    { format: text },
    (logger, { secret, visible }) => logger.info(visible, { "": secret }),
  ),
  consoleRow("an error with an inspect", "error", ({ secret, visible }) => [
    visible,
    new Guarded(secret),
  ]),
  consoleRow("an error of which %s shows little", "error", ({ secret, visible }) => [
    `%s ${visible}`,
    new Guarded(secret),
  ]),
];

exports.rows = [...pinoRows, ...bunyanRows, ...winstonRows, ...consoleRows, ...guardedRows];
exports.secretOf = (at) => `secret-${at}`;
exports.visibleOf = (at) => `visible-${at}!`;
