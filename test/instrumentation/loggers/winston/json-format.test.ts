import assert from "node:assert/strict";
import type { LogRecord } from "../../../../src/logs/log-record.ts";
import { collectRecords, logIdsOf, inRequest } from "../../../logs/requests.ts";
import {
  loadFreshWinston,
  recordingTransport,
  type TransportLine,
  MESSAGE_SYMBOL,
  createPatchedWinston,
  patchLoggers,
  type Winston,
} from "./winston-copy.ts";

/** Held, because a copy of winston asks `require` for its formats each time. */
const winstonFormats = formatsOf(loadFreshWinston());
const ownFormats = formatsOf(createPatchedWinston().winston);

type Formats = Pick<typeof Winston.format, "json" | "timestamp">;

function formatsOf({ format: { json, timestamp } }: typeof Winston): Formats {
  return { json, timestamp };
}

/** Of a line, what a format makes: its text, or what it throws. */
function textBy(
  formats: Formats,
  name: keyof Formats,
  info: () => unknown,
  options?: object,
): unknown {
  const format = formats[name](options);
  try {
    const made = format.transform(info() as Winston.Logform.TransformableInfo, format.options);
    return name === "json" ? (made as unknown as TransportLine)[MESSAGE_SYMBOL] : made;
  } catch (error) {
    return String(error);
  }
}

const infos: readonly { readonly title: string; readonly make: () => unknown }[] = [
  { title: "a level and a message", make: () => ({ level: "info", message: "placed" }) },
  { title: "nothing", make: () => ({}) },
  { title: "quotes and backslashes", make: () => ({ message: 'say "\\"', level: "in\\fo" }) },
  { title: "control characters", make: () => ({ message: "\u0000\b\t\n\u001f\u007f" }) },
  { title: "halves of pairs", make: () => ({ message: "a\ud83d", other: "\udc00b", ok: "😀" }) },
  { title: "a separator of lines", make: () => ({ message: "\u2028\u2029é漢" }) },
  { title: "a long text", make: () => ({ message: "x".repeat(999) }) },
  { title: "a longer text", make: () => ({ message: "x\n".repeat(3000) }) },
  {
    title: "numbers",
    make: () => ({ a: 0, b: -0, c: 0.1, d: 1e21, e: Number.NaN, f: -Infinity, g: 2 ** 53 }),
  },
  { title: "truths and nothing", make: () => ({ a: true, b: false, c: null, d: undefined }) },
  { title: "what JSON leaves out, first", make: () => ({ a: undefined, b: "b" }) },
  { title: "what JSON leaves out, only", make: () => ({ a: () => 1, b: Symbol("s") }) },
  { title: "what JSON leaves out, last", make: () => ({ a: "a", b: () => 1 }) },
  { title: "a bigint", make: () => ({ a: 12n, message: "m" }) },
  { title: "names that are numbers", make: () => ({ 10: "a", 9: "b", level: "info" }) },
  { title: "names to escape", make: () => ({ 'a"b': "a", "c\n": "b", "": "c" }) },
  { title: "names in other letters", make: () => ({ é: "a", Z: "b", a: "c", "😀": "d", _: "e" }) },
  {
    title: "a field called __proto__",
    make: () => JSON.parse('{"__proto__":"a","level":"info"}') as unknown,
  },
  { title: "many names", make: () => named(32) },
  { title: "more names", make: () => named(33) },
  { title: "very many names", make: () => named(300) },
  { title: "an object", make: () => ({ message: "m", order: { id: 12, total: 9.5 } }) },
  { title: "a list", make: () => ({ message: "m", items: ["a", 1, null] }) },
  { title: "a date", make: () => ({ at: new Date(0) }) },
  { title: "a toJSON of its own", make: () => ({ a: 1, toJSON: () => ({ b: 2 }) }) },
  { title: "a toJSON that is none", make: () => ({ a: 1, toJSON: "text" }) },
  { title: "an instance of a class", make: () => new URL("https://shop.test/") },
  { title: "no prototype", make: () => Object.assign(Object.create(null) as object, { a: "b" }) },
  { title: "an error", make: () => Object.assign(new Error("e"), { stack: "s" }) },
  {
    title: "a getter",
    make: () =>
      Object.defineProperty(
        {},
        "a",
        shown(() => "b"),
      ),
  },
  { title: "a getter that throws", make: () => Object.defineProperty({}, "a", shown(fail)) },
  { title: "a hidden field", make: () => Object.defineProperty({ a: "b" }, "c", { value: "d" }) },
  { title: "a frozen object", make: () => Object.freeze({ a: "b" }) },
  { title: "a text", make: () => "text" },
  { title: "nothing at all", make: () => undefined },
];

const options: readonly (object | undefined)[] = [
  undefined,
  {},
  { space: 2 },
  { deterministic: false },
  { bigint: false },
  { maximumBreadth: 1 },
  { replacer: (_: string, value: unknown) => (typeof value === "string" ? "***" : value) },
  { replacer: ["message"] },
  Object.create({ space: 1 }) as object,
];

describe("The text of a winston line by format.json()", () => {
  for (const { title, make } of infos) {
    it(`is to the letter that of winston: ${title}`, () => {
      for (const given of options) {
        const expected = textBy(winstonFormats, "json", make, given);
        assert.deepEqual(textBy(ownFormats, "json", make, given), expected);
        // Of the second line with these names more is known.
        assert.deepEqual(textBy(ownFormats, "json", make, given), expected);
      }
    });
  }

  it("is to the letter that of winston for whatever it consists of", () => {
    const next = seededRandom(1);
    for (let line = 0; line < 3000; line++) {
      const info = random(next);
      const make = (): object => ({ ...info });
      assert.equal(textBy(ownFormats, "json", make), textBy(winstonFormats, "json", make));
    }
  });

  it("is that of winston for lines with ever new names, and with very long ones", () => {
    for (let nr = 0; nr < 200; nr++) {
      const make = (): object => ({ level: "info", [`name${nr}`]: nr, message: "m" });
      assert.equal(textBy(ownFormats, "json", make), textBy(winstonFormats, "json", make));
    }
    const long = (): object => ({ ["n".repeat(10_000)]: "v", message: "m" });
    assert.equal(textBy(ownFormats, "json", long), textBy(winstonFormats, "json", long));
  });

  it("is that of its own values where lines with the same names follow each other", () => {
    const lines = [
      { level: "info", message: "one", nr: 1 },
      { level: "warn", message: 'two "2"', nr: 2 },
      { level: "info", message: "three", nr: 3 },
    ];
    for (const line of lines) {
      assert.equal(
        textBy(ownFormats, "json", () => ({ ...line })),
        JSON.stringify(line),
      );
    }
  });
});

describe("The time of a winston line by format.timestamp()", () => {
  const RealDate = Date;
  afterEach(() => {
    globalThis.Date = RealDate;
  });

  const times = [
    0,
    1,
    999,
    1000,
    59_999,
    60_000,
    1_700_000_000_123,
    1_700_000_000_123,
    1_700_000_000_124,
    253_402_300_799_999,
    253_402_300_800_000,
    -1,
    -62_198_755_200_000,
    Number.NaN,
  ];
  it("is to the letter that of winston at whatever time", () => {
    for (const time of times) {
      globalThis.Date = dateAt(time);
      const line = (): object => ({ message: "m" });
      const expected = textBy(winstonFormats, "timestamp", line);
      assert.deepEqual(textBy(ownFormats, "timestamp", line), expected, String(time));
    }
  });

  const given: readonly { readonly info: object; readonly options?: object }[] = [
    { info: { timestamp: "yesterday" } },
    { info: { timestamp: "" } },
    { info: { timestamp: 0 } },
    { info: {}, options: { alias: "at" } },
    { info: { timestamp: 12 }, options: { alias: "at" } },
    { info: {}, options: { format: "YYYY" } },
    { info: {}, options: { format: () => "now" } },
    { info: new Error("e") },
  ];
  it("is winston's own where it has more to do", () => {
    globalThis.Date = dateAt(1_700_000_000_123);
    for (const { info, options: own } of given) {
      const line = (): object => (info instanceof Error ? new Error("e") : { ...info });
      const expected = { ...(textBy(winstonFormats, "timestamp", line, own) as object) };
      assert.deepEqual({ ...(textBy(ownFormats, "timestamp", line, own) as object) }, expected);
    }
  });
});

describe("The record of a line whose text is ours", () => {
  /** What is logged: by `info` with these fields, in a request. */
  const fields: readonly { readonly title: string; readonly fields: object }[] = [
    { title: "no fields", fields: {} },
    {
      title: "texts and numbers",
      fields: { order: "12", total: 9.5, big: 1e300 },
    },
    { title: "truths and nothing", fields: { paid: true, free: false, none: null, no: undefined } },
    { title: "what JSON leaves out", fields: { a: () => 1, b: Symbol("s") } },
    { title: "an object", fields: { order: { id: 12 } } },
    { title: "a stack", fields: { stack: "TypeError: bad\n    at x" } },
    { title: "a stack that is none", fields: { stack: "lamp" } },
    { title: "a message", fields: { message: "more" } },
    { title: "a level", fields: { level: 3 } },
    { title: "a time", fields: { timestamp: "2020-02-03T04:05:06.789Z" } },
    { title: "a time that is none", fields: { timestamp: "yesterday" } },
    { title: "another trace", fields: { trace_id: "e".repeat(32), span_id: "f".repeat(16) } },
    { title: "half of another trace", fields: { trace_id: "e".repeat(32) } },
    { title: "a trace that is none", fields: { trace_id: 12, span_id: true, trace_flags: null } },
    { title: "flags of its own", fields: { trace_flags: 5 } },
    { title: "a request of its own", fields: { request_id: "mine", user_id: "me" } },
    { title: "a text that is too long", fields: { text: "x".repeat(100_000) } },
    { title: "colours", fields: { colour: "\u001b[31mred\u001b[0m" } },
  ];
  const units = [{}, { userId: "u1", organizationId: "o1" }];
  for (const { title, fields: given } of fields) {
    it(`says what it says of a line of winston's own text: ${title}`, () => {
      for (const unit of units) {
        const expected = recordsOf(given, unit, false);
        assert.deepEqual(recordsOf(given, unit, true), expected);
      }
    });
  }

  it("has the line as it was written, whatever becomes of it", () => {
    const { winston, records } = createPatchedWinston();
    const { transport } = recordingTransport(winston);
    const { format } = winston;
    const captured: Record<string, unknown>[] = [];
    const captureInfo = format((info) => {
      captured.push(info);
      return info;
    });
    const logger = winston.createLogger({
      format: format.combine(captureInfo(), format.json()),
      transports: transport,
    });
    inRequest(1, () => logger.info("placed", { order: 12 }));
    Object.assign(captured[0] as object, { order: 13, message: "changed" });
    assert.equal(records[0]?.body, "placed");
    assert.equal(records[0]?.attributes["order"], 12);
  });

  it("has what a format after json() changed, where that made another text", () => {
    const { winston, records } = createPatchedWinston();
    const { format } = winston;
    const hide = format((info) => Object.assign(info, { card: "***", [MESSAGE_SYMBOL]: "hidden" }));
    const logger = winston.createLogger({
      format: format.combine(format.json(), hide()),
      transports: recordingTransport(winston).transport,
    });
    logger.info("paid", { card: "4111" });
    assert.equal(records[0]?.body, "hidden");
    assert.deepEqual(records[0]?.attributes, {});
  });

  const unit = { userId: "u1", organizationId: "o1" };
  for (const id of ["trace_id", "request_id", "user_id", "organization_id"]) {
    it(`has the ids of its request, but for a user and an organization that the format took off: ${id}`, () => {
      const { winston, records } = createPatchedWinston();
      const { format } = winston;
      const strip = format((info) => {
        Reflect.deleteProperty(info, id);
        return info;
      });
      const logger = winston.createLogger({
        format: format.combine(strip(), format.json()),
        transports: recordingTransport(winston).transport,
      });
      inRequest(1, () => logger.info("a"), unit);
      const { attributes, spanContext } = records[0] as LogRecord;
      assert.equal(attributes["telltale.request.id"], "request-1");
      assert.equal(attributes["user.id"], id === "user_id" ? undefined : "u1");
      const organization = id === "organization_id" ? undefined : "o1";
      assert.equal(attributes["telltale.organization.id"], organization);
      assert.equal(spanContext?.traceId, logIdsOf(1).trace_id);
    });
  }
});

/** Of one line, as an exporter reads it; but for the time, which passes. */
function recordsOf(fields: object, unit: object, isOurs: boolean): unknown {
  const { winston, records } = isOurs ? createPatchedWinston() : loggersOnly();
  const { format } = winston;
  const logger = winston.createLogger({
    format: format.combine(format.timestamp(), format.json()),
    transports: recordingTransport(winston).transport,
  });
  inRequest(1, () => logger.info("placed", fields), unit);
  return records.map((record) => ({
    body: record.body,
    attributes: record.attributes,
    dropped: record.droppedAttributesCount,
    severity: [record.severityText, record.severityNumber],
    trace: record.spanContext,
    isNow: Math.abs(record.hrTime[0] - record.hrTimeObserved[0]) < 60,
  }));
}

function loggersOnly(): { readonly winston: typeof Winston; readonly records: LogRecord[] } {
  const winston = loadFreshWinston();
  const { provider, records } = collectRecords();
  patchLoggers(winston, provider);
  return { winston, records };
}

function named(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${(at * 7) % 301}`, "v"]));
}

function shown(get: () => unknown): PropertyDescriptor {
  return { get, enumerable: true };
}

function fail(): never {
  throw new Error("not to be read");
}

/** Numbers from 0 to 1, the same for the same seed (a linear congruence; the constants of Knuth's MMIX). */
function seededRandom(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) / 2 ** 31;
  };
}

const NAMES = ["level", "message", "timestamp", "user", "a", "b", "trace_id", "é", 'q"', "0", "ab"];

/** Neighbours among the names: few enough orders that none is too many for us. */
function random(next: () => number): object {
  const first = Math.floor(next() * NAMES.length);
  const count = Math.floor(next() * NAMES.length);
  const info: Record<string, unknown> = {};
  for (let at = 0; at < count; at++) {
    info[NAMES[(first + at) % NAMES.length] as string] = randomValue(next);
  }
  return info;
}

function randomValue(next: () => number): unknown {
  const kind = Math.floor(next() * 12);
  if (kind === 0) return undefined;
  if (kind === 1) return next() < 0.5;
  if (kind === 2) return null;
  if (kind === 3) return (next() - 0.5) * 10 ** Math.floor(next() * 40);
  if (kind === 4) return { deep: randomValue(next) };
  const units = Array.from({ length: Math.floor(next() * 20) }, () =>
    Math.floor(next() * (kind < 9 ? 0x80 : 0x10000)),
  );
  return String.fromCharCode(...units);
}

/** A clock that stands still, as tests of apps have it. */
function dateAt(time: number): DateConstructor {
  const Real = Date;
  return class extends Real {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [time] : given) as [number]));
    }
  } as DateConstructor;
}
