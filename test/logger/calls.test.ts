import assert from "node:assert/strict";
import type { Logger } from "winston";
import { collectLines } from "./collect-lines.ts";
import { assertJsonLine } from "./line-assertions.ts";

interface CallRow {
  readonly title: string;
  readonly call: (logger: Logger) => void;
  readonly level?: string;
  /** The fields of the line beyond those that all lines have. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const failure = Object.assign(new TypeError("too far"), { stack: "the stack", code: "E_FAR" });
const failureFields = { name: "TypeError", message: "too far", stack: "the stack", code: "E_FAR" };

const rows: readonly CallRow[] = [
  { title: "a text", call: (logger) => logger.info("paid"), fields: { message: "paid" } },
  {
    title: "a text and fields",
    call: (logger) => logger.warn("paid", { order: 12, tags: ["a"] }),
    level: "warn",
    fields: { message: "paid", order: 12, tags: ["a"] },
  },
  {
    title: "an object with a message",
    call: (logger) => logger.info({ message: "paid", order: 12 }),
    fields: { message: "paid", order: 12 },
  },
  {
    title: "an object without a message",
    call: (logger) => logger.info({ order: 12 }),
    fields: { message: "", order: 12 },
  },
  {
    title: "an error",
    call: (logger) => logger.error(failure),
    level: "error",
    fields: { message: "too far", error: failureFields },
  },
  {
    title: "a text and an error",
    call: (logger) => logger.error("failed", failure),
    level: "error",
    fields: { message: "failed", error: failureFields },
  },
  {
    title: "a text, fields and an error",
    call: (logger) => logger.error("failed", { order: 12 }, failure),
    level: "error",
    fields: { message: "failed", order: 12, error: failureFields },
  },
  {
    title: "placeholders",
    call: (logger) => logger.info("%s has %d%% of %j", "bob", 12, { a: 1 }, { order: 12 }),
    fields: { message: 'bob has 12% of {"a":1}', order: 12 },
  },
  {
    title: "more values than placeholders",
    call: (logger) => logger.info("count", 3, undefined, null, ["a"], new Set([1])),
    fields: { message: 'count 3 ["a"] [1]' },
  },
  {
    title: "a level and a text",
    call: (logger) => logger.log("http", "paid", { order: 12 }),
    level: "http",
    fields: { message: "paid", order: 12 },
  },
  {
    title: "an entry with a level",
    call: (logger) => logger.log({ level: "http", message: "paid", order: 12 }),
    level: "http",
    fields: { message: "paid", order: 12 },
  },
  {
    title: "fields with the names of the line's own",
    call: (logger) => logger.info("paid", { level: "error", timestamp: "1970", message: "no" }),
    fields: { message: "paid", fields: { level: "error", timestamp: "1970", message: "no" } },
  },
  {
    title: "fields of a child, and of its child",
    call: (logger) => logger.child({ a: 1, b: 1 }).child({ b: 2 }).info("paid", { c: 3 }),
    fields: { message: "paid", a: 1, b: 2, c: 3 },
  },
  {
    title: "a child with a name",
    call: (logger) => logger.child({ logger: "api.cache" }).info("paid"),
    fields: { message: "paid", logger: "api.cache" },
  },
  {
    title: "values that JSON lacks",
    call: (logger) =>
      logger.info("paid", {
        big: 2n ** 80n,
        nan: Number.NaN,
        map: new Map([["a", 1]]),
        date: new Date(0),
        bytes: Buffer.from("ab"),
        none: undefined,
      }),
    fields: {
      message: "paid",
      big: String(2n ** 80n),
      nan: "NaN",
      map: { a: 1 },
      date: "1970-01-01T00:00:00.000Z",
      bytes: "YWI=",
    },
  },
  {
    title: "secrets in a message and in fields",
    call: (logger) => logger.info("password=hunter22", { user: { apiKey: "k3y-k3y-k3y" } }),
    fields: { message: "password=REDACTED", user: { apiKey: "REDACTED" } },
  },
  {
    title: "a service of its own",
    call: (logger) => logger.info("paid", { service: "bank" }),
    fields: { message: "paid", service: "bank" },
  },
];

describe("A line of telltale/logger", () => {
  for (const { title, call, level = "info", fields } of rows) {
    it(`has the fields of a call with ${title}`, () => {
      const { logger, texts } = collectLines("api", { levels: [{ name: "*", level: "http" }] });
      call(logger);
      const { timestamp, ...line } = assertJsonLine(texts[0] ?? "", level);
      assert.notEqual(timestamp, undefined);
      assert.deepEqual(line, {
        level,
        service: "shop",
        environment: "test",
        logger: "api",
        ...fields,
      });
      assert.equal(texts.length, 1);
    });
  }

  it("has the default fields, which those of a call and of a child replace", () => {
    const { logger, texts } = collectLines("api", {}, { defaultMeta: { a: 1, b: 1, c: 1 } });
    logger.child({ b: 2 }).info("paid", { c: 3 });
    const { a, b, c } = assertJsonLine(texts[0] ?? "", "info");
    assert.deepEqual([a, b, c], [1, 2, 3]);
  });

  it("modifies no object of the app", () => {
    const { logger } = collectLines();
    const error = new Error("failed");
    const entry = { level: "info", message: "paid" };
    logger.error(error);
    logger.log(entry);
    logger.info(Object.freeze({ order: 12 }));
    assert.deepEqual(Reflect.ownKeys(error), Reflect.ownKeys(new Error("failed")));
    assert.deepEqual(entry, { level: "info", message: "paid" });
  });

  it("is not created below the level, so that no getter runs", () => {
    const { logger, texts } = collectLines();
    logger.debug("missed", {
      get costly() {
        return assert.fail("read");
      },
    });
    assert.deepEqual(texts, []);
  });

  it("is written once more at most if reading a value logs that value", () => {
    const { logger, texts } = collectLines();
    const endless = {
      toJSON() {
        logger.info("within", endless);
        return { a: 1 };
      },
    };
    logger.info("line", endless);
    assert.ok(texts.length <= 3, `${texts.length} lines`);
    assert.equal(assertJsonLine(texts.at(-1) ?? "", "info")["message"], "line");
  });

  it("is not written after the end of its logger, which is reported once", () => {
    const { logger, texts, messages } = collectLines();
    logger.end();
    logger.info("late");
    logger.info("later");
    assert.deepEqual(texts, []);
    assert.deepEqual(messages, ["telltale: logger api has ended: its lines are not written\n"]);
  });

  it("is reported as lost if its transport throws, and so is an error event", () => {
    const { logger, messages } = collectLines();
    const [transport] = logger.transports;
    assert.ok(transport);
    transport.log = () => {
      throw new Error("disk full");
    };
    logger.info("lost");
    transport.emit("error", new Error("closed"));
    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /^telltale: logger api: a line was not written: /);
  });
});

describe("The level of a logger of telltale/logger", () => {
  const levels = [
    { name: "api", level: "warn" },
    { name: "api.cache", level: "trace" },
    { name: "api.silent", level: "none" },
    { name: "api.fatal", level: "fatal" },
  ] as const;

  for (const [name, level] of [
    ["api", "warn"],
    ["api.db", "warn"],
    ["api.cache", "silly"],
    ["api.cache.redis", "silly"],
    ["apis", "info"],
    ["api.silent", "none"],
    ["api.fatal", "none"],
  ] as const) {
    it(`is ${level} for ${name}`, () => {
      const { logger } = collectLines(name, { levels });
      assert.equal(logger.level, level);
      assert.equal(logger.isLevelEnabled("debug"), level === "silly");
      assert.equal(logger.isErrorEnabled(), level !== "none");
    });
  }

  it("is that of a child's name", () => {
    const { logger, texts } = collectLines("api", { levels });
    logger.child({ logger: "api.cache" }).debug("shown");
    logger.child({ other: "api.cache" }).debug("hidden");
    assert.deepEqual(
      texts.map((text) => assertJsonLine(text, "debug")["message"]),
      ["shown"],
    );
  });

  it("can be assigned, also to one child", () => {
    const { logger, texts } = collectLines("api", { levels });
    const child = logger.child({});
    child.level = "debug";
    child.debug("child");
    logger.debug("hidden");
    logger.level = "verbose";
    logger.verbose("parent");
    assert.equal(texts.length, 2);
    assert.deepEqual([logger.level, child.level], ["verbose", "debug"]);
  });
});
