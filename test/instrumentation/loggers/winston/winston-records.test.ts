import assert from "node:assert/strict";
import { Writable } from "node:stream";
import type { LogRecord } from "../../../../src/logs/log-record.ts";
import { logIdsOf, inRequest } from "../../../logs/requests.ts";
import {
  recordingTransport,
  LEVEL_SYMBOL,
  createPatchedWinston,
  transportOf,
  type Winston,
} from "./winston-copy.ts";

/** Returns the only record of what `write` logs with a logger of these options. */
function recordOf(
  write: (logger: Winston.Logger) => unknown,
  options: (winston: typeof Winston) => Winston.LoggerOptions = () => ({}),
): LogRecord {
  const { winston, records } = createPatchedWinston();
  const logger = winston.createLogger({
    transports: recordingTransport(winston).transport,
    ...options(winston),
  });
  inRequest(1, () => write(logger));
  assert.equal(records.length, 1);
  return records[0] as LogRecord;
}

/** Returns a new error for each line, since winston sets its level on errors. */
function copy(given: Error): Error {
  return Object.assign(new TypeError(given.message), { stack: String(given.stack) });
}

const requestId = { "telltale.request.id": logIdsOf(1).request_id };

describe("The record of a winston line", () => {
  it("has the name and version of winston as its scope", () => {
    const { name, version } = recordOf((logger) => logger.info("a")).instrumentationScope;
    assert.deepEqual([name, version], ["winston", "3.19.0"]);
  });

  const severities: readonly [set: "npm" | "syslog" | "cli", Record<string, number>][] = [
    ["npm", { error: 17, warn: 13, info: 9, http: 7, verbose: 6, debug: 5, silly: 1 }],
    [
      "syslog",
      { emerg: 21, alert: 19, crit: 18, error: 17, warning: 13, notice: 10, info: 9, debug: 5 },
    ],
    [
      "cli",
      {
        error: 17,
        warn: 13,
        help: 11,
        data: 10,
        info: 9,
        debug: 5,
        prompt: 4,
        verbose: 6,
        input: 2,
        silly: 1,
      },
    ],
  ];
  for (const [set, expected] of severities) {
    it(`has the severities of the ${set} levels`, () => {
      const { winston, records } = createPatchedWinston();
      const { levels } = winston.config[set];
      const level = Object.keys(levels).at(-1) as string;
      const logger = winston.createLogger({
        levels,
        level,
        transports: recordingTransport(winston).transport,
      });
      for (const name of Object.keys(levels)) logger.log(name, "a");
      assert.deepEqual(
        Object.fromEntries(records.map((record) => [record.severityText, record.severityNumber])),
        expected,
      );
    });
  }

  const customs = [
    { levels: { fatal: 0, error: 1, success: 2, info: 3 }, level: "success", severity: 9 },
    { levels: { fatal: 0, oops: 1, warn: 2 }, level: "oops", severity: 13 },
    { levels: { error: 0, whisper: 1 }, level: "whisper", severity: 17 },
    { levels: { loud: 0, low: 1 }, level: "low", severity: 0 },
    { levels: { FATAL: 0, info: 1, trace: 2 }, level: "trace", severity: 1 },
    { levels: { FATAL: 0, INFO: 1 }, level: "FATAL", severity: 21 },
  ];
  for (const { levels, level, severity } of customs) {
    it(`has severity ${severity} for level ${level} among ${Object.keys(levels).join(", ")}`, () => {
      const record = recordOf(
        (logger) => logger.log(level, "a"),
        () => ({ levels, level: Object.keys(levels).at(-1) as string }),
      );
      assert.deepEqual([record.severityText, record.severityNumber], [level, severity]);
    });
  }

  it("has the message as its body and the other fields as attributes", () => {
    const fields = { order: 12, total: 9.5, paid: true, items: ["a"], address: { city: "Bern" } };
    const record = recordOf((logger) => logger.child({ part: "cart" }).info("placed", fields));
    assert.equal(record.body, "placed");
    assert.deepEqual(record.attributes, { ...requestId, part: "cart", ...fields });
  });

  it("has the fields as they were when the line was written", () => {
    const address = { city: "Bern" };
    const record = recordOf((logger) => logger.info("placed", { address }));
    address.city = "Basel";
    assert.deepEqual(record.attributes["address"], { city: "Bern" });
  });

  it("has the defaultMeta of the logger", () => {
    const defaultMeta = { service: "shop" };
    const record = recordOf(
      (logger) => logger.info("a"),
      () => ({ defaultMeta }),
    );
    assert.deepEqual(record.attributes, { ...requestId, service: "shop" });
  });

  it("has an object as its body if the message is an object", () => {
    const record = recordOf((logger) => logger.info({ order: 12 }));
    assert.deepEqual(record.body, { order: 12 });
  });

  it("has no colours in its body and severity", () => {
    const record = recordOf(
      (logger) => logger.info("placed"),
      ({ format }) => ({ format: format.colorize({ all: true }) }),
    );
    assert.deepEqual([record.body, record.severityText], ["placed", "info"]);
  });

  it("has the interpolated message if the format interpolates", () => {
    const record = recordOf(
      (logger) => logger.info("%s placed", "book", { order: 12 }),
      ({ format }) => ({ format: format.splat() }),
    );
    assert.equal(record.body, "book placed");
    assert.deepEqual(record.attributes, { ...requestId, order: 12 });
  });

  it("has its own time, and no timestamp of a format as an attribute", () => {
    const before = Date.now();
    const record = recordOf(
      (logger) => logger.info("a"),
      ({ format }) => ({ format: format.timestamp() }),
    );
    const [seconds, nanos] = record.hrTime;
    const ms = seconds * 1000 + nanos / 1e6;
    // The monotonic clock may differ from the wall clock by hundredths of a second.
    assert.ok(ms > before - 1000 && ms < Date.now() + 1000);
    assert.deepEqual(record.attributes, requestId);
  });

  it("has the time of a timestamp that the app logs", () => {
    const timestamp = "2020-02-03T04:05:06.789Z";
    const record = recordOf((logger) => logger.info("a", { timestamp }));
    assert.deepEqual(record.hrTime, [1_580_702_706, 789_000_000]);
    assert.ok(record.hrTimeObserved[0] > 1_700_000_000);
    assert.deepEqual(record.attributes, requestId);
  });

  for (const timestamp of [
    "yesterday",
    "2020-02-03 04:05:06",
    "2020-99-99T00:00:00Z",
    1_580_702_706,
  ]) {
    it(`has the timestamp ${timestamp} as an attribute, since it is no full date`, () => {
      const record = recordOf((logger) => logger.info("a", { timestamp }));
      assert.ok(record.hrTime[0] > 1_700_000_000);
      assert.deepEqual(record.attributes, { ...requestId, timestamp });
    });
  }

  it("has the configured limits of attributes", () => {
    const { winston, records } = createPatchedWinston({ attributeCount: 2, attributeLength: 3 });
    const logger = winston.createLogger({ transports: recordingTransport(winston).transport });
    logger.info("a message", { a: "12345", b: { c: "12345" }, d: 1 });
    assert.deepEqual(records[0]?.attributes, { a: "123", b: { c: "123" } });
    assert.equal(records[0]?.droppedAttributesCount, 1);
  });
});

describe("The record of an error that winston logs", () => {
  const error = Object.assign(new TypeError("bad thing"), {
    stack: "TypeError: bad thing\n    at x",
  });
  const exception = {
    "exception.type": "TypeError",
    "exception.message": "bad thing",
    "exception.stacktrace": error.stack,
  };
  const cases: readonly {
    readonly title: string;
    readonly write: (logger: Winston.Logger) => unknown;
    readonly format?: (format: typeof Winston.format) => Winston.Logform.Format;
    readonly body: string;
    readonly attributes: object;
  }[] = [
    {
      title: "as the line",
      write: (logger) => logger.error(copy(error)),
      body: "bad thing",
      attributes: exception,
    },
    {
      title: "as the line, with errors({ stack: true })",
      write: (logger) => logger.error(copy(error)),
      format: (f) => f.combine(f.errors({ stack: true }), f.json()),
      body: "bad thing",
      attributes: exception,
    },
    {
      title: "as the line, with errors(), which omits the stack",
      write: (logger) => logger.error(copy(error)),
      format: (f) => f.errors(),
      body: "bad thing",
      attributes: { "exception.type": "TypeError", "exception.message": "bad thing" },
    },
    {
      title: "as the message",
      write: (logger) => logger.log({ level: "error", message: copy(error) as unknown as string }),
      body: "bad thing",
      attributes: exception,
    },
    {
      title: "as the message, with errors({ stack: true })",
      write: (logger) => logger.log({ level: "error", message: copy(error) as unknown as string }),
      format: (f) => f.combine(f.errors({ stack: true }), f.json()),
      body: "bad thing",
      attributes: exception,
    },
    {
      title: "after a message",
      write: (logger) => logger.error("order failed:", copy(error)),
      body: "order failed: bad thing",
      attributes: exception,
    },
    {
      title: "in a field",
      write: (logger) => logger.error("order failed", { order: 12, err: copy(error) }),
      body: "order failed",
      attributes: { order: 12, ...exception },
    },
    {
      title: "with a code",
      write: (logger) =>
        logger.error("down", { err: Object.assign(copy(error), { code: "EPIPE" }) }),
      body: "down",
      attributes: { ...exception, "exception.type": "EPIPE" },
    },
    {
      title: "before a second error",
      write: (logger) => logger.error("twice", { first: copy(error), second: copy(error) }),
      body: "twice",
      attributes: {
        ...exception,
        second: {},
      },
    },
    {
      title: "after a message, by a child logger",
      write: (logger) => logger.child({ part: "cart" }).error("order failed:", copy(error)),
      body: "order failed: bad thing",
      attributes: { part: "cart", ...exception },
    },
    {
      title: "as the line of a child logger",
      write: (logger) => logger.child({ part: "cart" }).error(copy(error)),
      body: "bad thing",
      attributes: { part: "cart", ...exception },
    },
    {
      title: "with a code, as the line of a child logger",
      write: (logger) => {
        const refused = Object.assign(new Error("no"), { stack: "Error [ERR_NO]: no\n    at x" });
        return logger.child({}).error(refused);
      },
      body: "no",
      attributes: {
        "exception.type": "ERR_NO",
        "exception.message": "no",
        "exception.stacktrace": "Error [ERR_NO]: no\n    at x",
      },
    },
    {
      title: "that a format removed",
      write: (logger) => logger.error("order failed:", copy(error)),
      format: (f) =>
        f((info) => ({
          ...info,
          message: "order failed: ***",
          stack: undefined,
          [LEVEL_SYMBOL]: "error",
        }))(),
      body: "order failed: ***",
      attributes: { "exception.type": "TypeError" },
    },
    {
      title: "whose message a format changed",
      write: (logger) => logger.error(copy(error)),
      format: (f) =>
        f.combine(
          f.errors({ stack: true }),
          f((info) => Object.assign(info, { message: "***", stack: "*** at x" }))(),
        ),
      body: "***",
      attributes: { "exception.type": "TypeError", "exception.stacktrace": "*** at x" },
    },
    {
      title: "that is only a field called stack",
      write: (logger) => logger.error("shelf", { stack: "lamp" }),
      body: "shelf",
      attributes: { stack: "lamp" },
    },
  ];
  for (const { title, write, format, body, attributes } of cases) {
    it(`has the exception of an error ${title}`, () => {
      const record = recordOf(write, (winston) =>
        format ? { format: format(winston.format) } : {},
      );
      assert.equal(record.body, body);
      assert.deepEqual(record.attributes, { ...requestId, ...attributes });
    });
  }
});

/** Options of a logger, and the levels that it records with them. */
const levelCases: readonly {
  readonly title: string;
  readonly options: (winston: typeof Winston) => Winston.LoggerOptions;
  /** A subset of error, info and debug. */
  readonly recorded: readonly string[];
}[] = [
  { title: "no level is set", options: () => ({}), recorded: ["error", "info"] },
  {
    title: "the logger's level is error",
    options: () => ({ level: "error" }),
    recorded: ["error"],
  },
  {
    title: "the logger's level is unknown",
    options: () => ({ level: "nonsense" }),
    recorded: [],
  },
  {
    title: "the transport's level is lower than the logger's",
    options: (w) => ({
      level: "info",
      transports: recordingTransport(w, { level: "error" }).transport,
    }),
    recorded: ["error"],
  },
  {
    title: "the transport's level is higher than the logger's",
    options: (w) => ({
      level: "error",
      transports: recordingTransport(w, { level: "debug" }).transport,
    }),
    recorded: ["error", "info", "debug"],
  },
  {
    title: "one of two transports accepts the line",
    options: (w) => ({
      transports: [
        recordingTransport(w, { level: "error" }).transport,
        recordingTransport(w, { level: "debug" }).transport,
      ],
    }),
    recorded: ["error", "info", "debug"],
  },
  { title: "the logger is silent", options: () => ({ silent: true }), recorded: [] },
  {
    title: "the only transport is silent",
    options: (w) => ({ transports: recordingTransport(w, { silent: true }).transport }),
    recorded: [],
  },
  {
    title: "one of two transports is silent",
    options: (w) => ({
      transports: [
        recordingTransport(w, { silent: true }).transport,
        recordingTransport(w, { level: "error" }).transport,
      ],
    }),
    recorded: ["error"],
  },
  {
    title: "the format filters a level",
    options: ({ format }) => ({
      level: "debug",
      format: format((info) => (info.level === "info" ? false : info))(),
    }),
    recorded: ["error", "debug"],
  },
  {
    title: "the format returns a text",
    options: ({ format }) => ({ format: format(() => "text" as unknown as boolean)() }),
    recorded: [],
  },
  {
    title: "the only transport handles exceptions",
    options: (w) => ({ transports: [], exceptionHandlers: [recordingTransport(w).transport] }),
    recorded: [],
  },
];

describe("Winston lines that a transport accepts are recorded when", () => {
  for (const { title, options, recorded } of levelCases) {
    it(title, () => {
      const { winston, records } = createPatchedWinston();
      const { transport } = recordingTransport(winston);
      const logger = winston.createLogger({ transports: transport, ...options(winston) });
      try {
        for (const level of ["error", "info", "debug"]) logger.log(level, "a");
        assert.deepEqual(
          records.map(({ severityText }) => severityText),
          recorded,
        );
      } finally {
        logger.exceptions.unhandle();
      }
    });
  }

  it("the logger has no transport yet, and its own level accepts the line", () => {
    const { winston, records } = createPatchedWinston();
    const logger = winston.createLogger();
    const { error } = console;
    console.error = () => {};
    try {
      logger.info("a");
      logger.debug("b");
    } finally {
      console.error = error;
    }
    assert.deepEqual(
      records.map(({ body }) => body),
      ["a"],
    );
  });

  it("a plain stream reads from the logger", () => {
    const { winston, records } = createPatchedWinston();
    const logger = winston.createLogger();
    logger.pipe(new Writable({ objectMode: true, write: (_info, _encoding, next) => next() }));
    logger.debug("a");
    assert.deepEqual(
      records.map(({ body }) => body),
      ["a"],
    );
  });

  it("the logger's level is changed", () => {
    const { winston, records } = createPatchedWinston();
    const logger = winston.createLogger({ transports: recordingTransport(winston).transport });
    logger.debug("a");
    logger.level = "debug";
    logger.debug("b");
    assert.deepEqual(
      records.map(({ body }) => body),
      ["b"],
    );
  });

  it("a transport is added, removed and added again", () => {
    const { winston, records } = createPatchedWinston();
    const { transport } = recordingTransport(winston);
    const { transport: quiet } = recordingTransport(winston, { silent: true });
    const logger = winston.createLogger({ transports: quiet });
    logger.info("a");
    logger.add(transport).info("b");
    logger.remove(transport).info("c");
    logger.add(transport).info("d");
    assert.deepEqual(
      records.map(({ body }) => body),
      ["b", "d"],
    );
  });

  it("another logger is the only transport, with one record", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const inner = winston.createLogger({ transports: transport });
    const logger = winston.createLogger({ transports: inner });
    inRequest(1, () => logger.info("a"));
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.["span_id"], logIdsOf(1).span_id);
    assert.equal(records.length, 1);
    assert.equal(records[0]?.spanContext?.spanId, logIdsOf(1).span_id);
  });

  it("another logger is one of the transports, with one record", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const inner = winston.createLogger({ transports: transport });
    const logger = winston.createLogger({
      transports: [recordingTransport(winston).transport, inner],
    });
    inRequest(1, () => logger.info("a"));
    inner.info("b");
    assert.equal(lines.length, 2);
    assert.deepEqual(
      records.map(({ body }) => body),
      ["a", "b"],
    );
  });

  it("a transport writes other lines to another logger", () => {
    const { winston, records } = createPatchedWinston();
    const { transport } = recordingTransport(winston);
    const other = winston.createLogger({ transports: transport });
    const echo = transportOf(winston, {}, (info, next) => {
      other.warn(`echo of ${String(info["message"])}`);
      next();
    });
    const logger = winston.createLogger({ transports: echo });
    inRequest(1, () => logger.info("a"));
    assert.deepEqual(
      records.map(({ body, spanContext }) => [body, spanContext?.spanId]),
      [
        ["a", logIdsOf(1).span_id],
        ["echo of a", logIdsOf(1).span_id],
      ],
    );
  });
});
