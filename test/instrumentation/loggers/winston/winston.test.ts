import assert from "node:assert/strict";
import { inspect } from "node:util";
import { ROOT_CONTEXT } from "../../../../src/context/context.ts";
import { runWithContext } from "../../../../src/context/manager.ts";
import { TelltaleLoggerProvider } from "../../../../src/logs/logger.ts";
import { resource } from "../../../export/telemetry.ts";
import { collectRecords, logIdsOf, inRequest, fakeSpan } from "../../../logs/requests.ts";
import { redactor } from "../../../redaction/default-redactor.ts";
import {
  loadFreshWinston,
  recordingTransport,
  LEVEL_SYMBOL,
  type TransportLine,
  MESSAGE_SYMBOL,
  patch,
  createPatchedWinston,
  transportOf,
  type Winston,
} from "./winston-copy.ts";

const ids = logIdsOf(1);
const ID_TEXTS = [ids.trace_id, ids.span_id, ids.trace_flags, ids.request_id];
const ID_KEYS = [...Object.keys(ids), "user_id", "organization_id"];

type Write = (logger: Winston.Logger, winston: typeof Winston) => unknown;

/** Every way to write a line. Each writes one line whose message contains "placed". */
const ways: readonly { readonly title: string; readonly write: Write }[] = [
  { title: "a level's method", write: (logger) => logger.info("placed") },
  { title: "a level's method with fields", write: (logger) => logger.info("placed", { order: 1 }) },
  {
    title: "a level's method with an object",
    write: (logger) => logger.info({ message: "placed" }),
  },
  { title: "a level's method with a format", write: (logger) => logger.info("%s", "placed") },
  { title: "log with level and message", write: (logger) => logger.log("info", "placed") },
  {
    title: "log with level and object",
    write: (logger) => logger.log("info", { message: "placed" }),
  },
  {
    title: "log with level, message and fields",
    write: (logger) => logger.log("info", "placed", { order: 1 }),
  },
  {
    title: "log with one object",
    write: (logger) => logger.log({ level: "info", message: "placed" }),
  },
  {
    title: "write",
    write: (logger) => logger.write({ level: "info", message: "placed", [LEVEL_SYMBOL]: "info" }),
  },
  {
    title: "write of a frozen object",
    write: (logger) =>
      logger.write(Object.freeze({ level: "info", message: "placed", [LEVEL_SYMBOL]: "info" })),
  },
  {
    title: "a line ended with",
    write: (logger) => logger.end({ level: "info", message: "placed", [LEVEL_SYMBOL]: "info" }),
  },
  { title: "a child", write: (logger) => logger.child({ part: "cart" }).info("placed") },
  {
    title: "a child of a child",
    write: (logger) => logger.child({ part: "cart" }).child({ step: 2 }).info("placed"),
  },
  { title: "an error", write: (logger) => logger.error(new Error("placed")) },
  { title: "a message and an error", write: (logger) => logger.error("not", new Error("placed")) },
  { title: "an error as the message", write: (logger) => logger.log("error", new Error("placed")) },
  {
    title: "an instance of a class with private fields",
    write: (logger) => logger.log("info", new Placed()),
  },
  { title: "an object without prototype", write: (logger) => logger.log("info", bare("placed")) },
  { title: "a timer", write: (logger) => logger.startTimer().done({ message: "placed" }) },
  {
    title: "a profile",
    write: (logger) => {
      logger.profile("placed");
      return logger.profile("placed");
    },
  },
];

describe("A winston line in a request", () => {
  for (const { title, write } of ways) {
    it(`has the ids once and makes one record: ${title}`, () => {
      const { winston, records } = createPatchedWinston();
      const { transport, lines } = recordingTransport(winston);
      const { format } = winston;
      const logger = winston.createLogger({
        format: format.combine(format.errors(), format.splat()),
        transports: transport,
      });
      inRequest(1, () => write(logger, winston));
      assert.equal(lines.length, 1);
      assert.deepEqual(pick(lines[0]), ids);
      assert.match(String(lines[0]?.["message"]), /placed/);
      assert.equal(records.length, 1);
      assert.equal(records[0]?.body, lines[0]?.["message"]);
      assert.equal(records[0]?.spanContext?.spanId, ids.span_id);
      assert.equal(records[0]?.attributes["telltale.request.id"], ids.request_id);
    });
  }

  it("is logged and recorded with its trace if it is a frozen instance of a class", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ format: identityFormat(winston), transports: transport });
    const line = Object.freeze(Object.assign(new Placed(), { [LEVEL_SYMBOL]: "info" }));
    inRequest(1, () => logger.write(line));
    assert.equal(lines.length, 1);
    assert.equal(records[0]?.spanContext?.spanId, ids.span_id);
  });

  it("has the ids if the default logger or its functions write it", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    winston.add(transport);
    inRequest(1, () => {
      winston.info("a");
      winston.log("warn", "b");
      winston.child({ part: "cart" }).error("c");
    });
    for (const line of lines) assert.deepEqual(pick(line), ids);
    assert.deepEqual(
      records.map(({ body }) => body),
      ["a", "b", "c"],
    );
  });

  it("has the ids if a logger of a container writes it", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const own = new winston.Container();
    inRequest(1, () => {
      winston.loggers.add("a", { transports: [transport] }).info("a");
      own.get("b", { transports: [transport] }).info("b");
    });
    assert.deepEqual(lines.map(pick), [ids, ids]);
    assert.equal(records.length, 2);
  });

  it("has the ids if the logger was created before winston was patched", () => {
    const winston = loadFreshWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    const child = logger.child({ part: "cart" });
    const { provider, records } = collectRecords();
    patch(winston, provider);
    inRequest(1, () => {
      logger.info("a");
      child.info("b");
    });
    assert.deepEqual(lines.map(pick), [ids, ids]);
    assert.equal(records.length, 2);
  });

  it("has the ids if a subclass of Logger writes it", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    class Own extends (winston.Logger as unknown as new (options: object) => Winston.Logger) {}
    const logger = new Own({ transports: [transport] });
    inRequest(1, () => logger.log("info", "a"));
    assert.deepEqual(lines.map(pick), [ids]);
    assert.equal(records.length, 1);
  });

  it("has the user and organization of its request", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    inRequest(1, () => logger.info("a"), { userId: "u1", organizationId: "o1" });
    const more = { user_id: "u1", organization_id: "o1" };
    assert.deepEqual(pick(lines[0]), { ...ids, ...more });
    assert.deepEqual(records[0]?.attributes, {
      "telltale.request.id": ids.request_id,
      "user.id": "u1",
      user_id: "u1",
      "telltale.organization.id": "o1",
    });
  });

  it("has no ids of an invalid span", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    const invalid = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };
    inRequest(1, () =>
      runWithContext(ROOT_CONTEXT.withSpan(fakeSpan(invalid)), () => logger.info("none")),
    );
    assert.deepEqual(pick(lines[0]), {});
    assert.equal(records[0]?.spanContext, undefined);
  });

  it("is unchanged outside of requests", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ format: identityFormat(winston), transports: transport });
    logger.info("a");
    assert.deepEqual(lines[0], { level: "info", message: "a", [LEVEL_SYMBOL]: "info" });
    assert.equal(records[0]?.spanContext, undefined);
    assert.deepEqual(records[0]?.attributes, {});
  });

  it("is unchanged if a foreign span throws", () => {
    const { winston } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    const span = { spanContext: () => assert.fail() } as unknown as ReturnType<typeof fakeSpan>;
    runWithContext(ROOT_CONTEXT.withSpan(span), () => logger.info("a"));
    assert.deepEqual(pick(lines[0]), {});
  });
});

/** Formats, and the part of their output that must have the ids. */
const formats: readonly {
  readonly title: string;
  readonly of: (format: typeof Winston.format) => Winston.Logform.Format;
  readonly outputOf?: (line: TransportLine) => string;
}[] = [
  { title: "json", of: (f) => f.json() },
  { title: "timestamp and json", of: (f) => f.combine(f.timestamp(), f.json()) },
  { title: "simple", of: (f) => f.simple() },
  { title: "logstash", of: (f) => f.logstash() },
  { title: "prettyPrint", of: (f) => f.prettyPrint() },
  { title: "cli", of: (f) => f.combine(f.cli(), f.json()) },
  { title: "errors with stack", of: (f) => f.combine(f.errors({ stack: true }), f.json()) },
  { title: "splat", of: (f) => f.combine(f.splat(), f.simple()) },
  {
    title: "colorize and uncolorize",
    of: (f) => f.combine(f.colorize(), f.uncolorize(), f.json()),
  },
  { title: "metadata", of: (f) => f.combine(f.metadata(), f.json()) },
  {
    title: "label, ms and align",
    of: (f) => f.combine(f.label({ label: "x" }), f.ms(), f.align(), f.json()),
  },
  {
    title: "printf",
    of: (f) =>
      f.printf((i) => [i["trace_id"], i["span_id"], i["trace_flags"], i["request_id"]].join(" ")),
  },
  {
    title: "a custom format",
    of: (f) => f.combine(f((info) => ({ ...info, own: true }))(), f.json()),
  },
  {
    title: "a format that sets no text",
    of: (f) => f((info) => info)(),
    outputOf: (line) => JSON.stringify(line),
  },
];

describe("The ids of a winston line are visible to", () => {
  for (const { title, of, outputOf = textOf } of formats) {
    for (const where of ["logger", "transport"]) {
      it(`${title}, as the format of a ${where}`, () => {
        const { winston } = createPatchedWinston();
        const format = of(winston.format);
        const onTransport = where === "transport";
        const { transport, lines } = recordingTransport(winston, onTransport ? { format } : {});
        const logger = winston.createLogger({
          ...(!onTransport && { format }),
          transports: transport,
        });
        inRequest(1, () => logger.info("placed", { order: 12 }));
        const line = lines[0];
        assert.ok(line);
        for (const id of ID_TEXTS) assert.ok(outputOf(line).includes(id), inspect(line));
      });
    }
  }
});

describe("A value that an app logs with winston", () => {
  const given: readonly { readonly title: string; readonly make: () => object }[] = [
    { title: "an object", make: () => ({ message: "a" }) },
    { title: "an error", make: () => new Error("a") },
    { title: "an instance", make: () => new Placed() },
    { title: "an array", make: () => ["a"] },
  ];
  for (const { title, make } of given) {
    it(`gets no ids itself: ${title}`, () => {
      const { winston } = createPatchedWinston();
      const logger = winston.createLogger({ transports: recordingTransport(winston).transport });
      const value = make();
      inRequest(1, () => logger.log("info", value));
      for (const key of ID_KEYS) assert.ok(!Object.hasOwn(value, key), key);
    });
  }

  it("has the ids of the other request when it is logged again", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    const again = { level: "info", message: "again" };
    const error = new Error("again");
    for (const value of [again, error]) {
      inRequest(1, () => logger.log("info", value));
      inRequest(2, () => logger.log("info", value));
      logger.log("info", value);
    }
    const expected = [logIdsOf(1), logIdsOf(2), {}];
    assert.deepEqual(lines.map(pick), [...expected, ...expected]);
    assert.deepEqual(
      records.map(({ attributes }) => attributes["telltale.request.id"]),
      [...expected, ...expected].map((one) => ("request_id" in one ? one.request_id : undefined)),
    );
  });

  it("retains its own ids, and gets no span id beside another trace id", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    const own = { trace_id: "e".repeat(32), request_id: "mine", user_id: "me" };
    inRequest(1, () => logger.info("a", own), { userId: "u1" });
    assert.deepEqual(pick(lines[0]), own);
    assert.deepEqual(records[0]?.attributes, {
      "telltale.request.id": ids.request_id,
      "user.id": "u1",
      ...own,
    });
    assert.equal(records[0]?.spanContext?.traceId, ids.trace_id);
  });

  it("can name a span, to which its record then belongs", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    const own = { trace_id: "e".repeat(32), span_id: "f".repeat(16), trace_flags: "01" };
    inRequest(1, () => logger.info("a", own));
    assert.deepEqual(pick(lines[0]), { ...own, request_id: ids.request_id });
    assert.deepEqual(records[0]?.spanContext, {
      traceId: own.trace_id,
      spanId: own.span_id,
      traceFlags: 1,
    });
    assert.deepEqual(records[0]?.attributes, { "telltale.request.id": ids.request_id });
  });

  it("gets the missing ids if it names the active trace", () => {
    const { winston } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    inRequest(1, () => logger.child({ trace_id: ids.trace_id }).info("a"));
    assert.deepEqual(pick(lines[0]), ids);
  });
});

describe("Winston lines that are buffered", () => {
  it("have the ids of their own request when a transport was busy", async () => {
    const { winston, records } = createPatchedWinston();
    const waiting: (() => void)[] = [];
    const lines: TransportLine[] = [];
    const slow = transportOf(winston, { highWaterMark: 1 }, (info, next) => {
      lines.push({ ...info });
      waiting.push(next);
    });
    const logger = winston.createLogger({ transports: slow });
    const count = 200;
    for (let i = 0; i < count; i++) {
      inRequest(i, () => logger.child({ nr: i }).info("a", { i }));
    }
    assert.ok(lines.length < count, "no line was buffered");
    while (lines.length < count || waiting.length > 0) {
      inRequest(9999, () => waiting.shift()?.());
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(
      lines.map(pick),
      Array.from({ length: count }, (_, i) => logIdsOf(i)),
    );
    for (const [i, record] of records.entries()) {
      assert.equal(record.attributes["i"], i);
      assert.equal(record.spanContext?.spanId, logIdsOf(i).span_id);
      assert.equal(record.attributes["telltale.request.id"], logIdsOf(i).request_id);
    }
    assert.equal(records.length, count);
  });

  it("have the ids of each request when one object is written twice", () => {
    const { winston } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ format: identityFormat(winston), transports: transport });
    const again = { level: "info", message: "again", [LEVEL_SYMBOL]: "info" };
    logger.cork();
    inRequest(1, () => logger.write(again));
    inRequest(2, () => logger.write(again));
    logger.uncork();
    assert.deepEqual(lines.map(pick), [logIdsOf(1), logIdsOf(2)]);
  });

  it("are distinguished from a line that a format writes meanwhile", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const format = winston.format((info) => {
      if (info.message === "outer") inRequest(2, () => logger.info("inner"));
      return info;
    });
    const logger = winston.createLogger({ format: format(), transports: transport });
    inRequest(1, () => logger.info("outer"));
    assert.deepEqual(
      lines.map(({ message, request_id: id }) => [message, id]),
      [
        ["outer", "request-1"],
        ["inner", "request-2"],
      ],
    );
    assert.deepEqual(
      records.map(({ body, attributes }) => [body, attributes["telltale.request.id"]]),
      [
        ["outer", "request-1"],
        ["inner", "request-2"],
      ],
    );
  });
});

describe("Winston is patched", () => {
  it("once, however often it is loaded", () => {
    const { winston, records } = createPatchedWinston();
    const { transport, lines } = recordingTransport(winston);
    const { provider, records: others } = collectRecords();
    patch(winston, provider);
    patch(winston, provider);
    const logger = winston.createLogger({ transports: transport });
    inRequest(1, () => logger.info("a"));
    assert.deepEqual([lines.length, records.length, others.length], [1, 1, 0]);
  });

  it("in each of its copies", () => {
    const first = createPatchedWinston();
    const second = createPatchedWinston();
    assert.notEqual(first.winston, second.winston);
    for (const { winston, records } of [first, second]) {
      const { transport, lines } = recordingTransport(winston);
      const logger = winston.createLogger({ transports: transport });
      inRequest(1, () => logger.info("a"));
      assert.deepEqual(lines.map(pick), [ids]);
      assert.equal(records.length, 1);
    }
  });

  it("so that two loggers with the same options make one record each", () => {
    const { winston, records } = createPatchedWinston();
    const options = { transports: [recordingTransport(winston).transport] };
    const a = winston.createLogger(options);
    const b = winston.createLogger(options);
    a.info("a");
    b.info("b");
    assert.deepEqual(
      records.map(({ body }) => body),
      ["a", "b"],
    );
    assert.equal(options.transports.length, 1);
  });

  it("without push if no records are exported", () => {
    const winston = loadFreshWinston();
    const limits = { attributeCount: 128, attributeLength: Infinity };
    patch(winston, new TelltaleLoggerProvider({ resource, limits, redactor }, undefined));
    assert.ok(!Object.hasOwn(winston.Logger.prototype, "push"));
    const { transport, lines } = recordingTransport(winston);
    const logger = winston.createLogger({ transports: transport });
    inRequest(1, () => logger.info("a"));
    assert.deepEqual(lines.map(pick), [ids]);
  });

  it("only if its file exports the class of loggers, with an error otherwise", () => {
    const { provider } = collectRecords();
    for (const exports of [undefined, {}, Placed, { Logger: Placed }]) {
      assert.throws(() => patchExports(exports, provider), /logger\.js exports no class/);
    }
  });
});

function patchExports(
  exports: unknown,
  provider: ReturnType<typeof collectRecords>["provider"],
): void {
  patch({ Logger: exports, version: "3" } as unknown as typeof Winston, provider);
}

function textOf(line: TransportLine): string {
  return String(line[MESSAGE_SYMBOL]);
}

/** Returns only the ids of a line. */
function pick(line: TransportLine | undefined): TransportLine {
  return Object.fromEntries(Object.entries(line ?? {}).filter(([key]) => ID_KEYS.includes(key)));
}

/** Returns a format that changes nothing. Winston's default is JSON, which adds the text of the line. */
function identityFormat({ format }: typeof Winston): Winston.Logform.Format {
  return format((info) => info)();
}

function bare(message: string): object {
  return Object.assign(Object.create(null) as object, { message });
}

class Placed {
  readonly #message = "placed";
  get message(): string {
    return this.#message;
  }
  toJSON(): object {
    return { message: this.#message };
  }
}
