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

/** Read once, because a copy of winston requires its formats at each access. */
const winstonFormats = formatsOf(loadFreshWinston());
const patchedFormats = formatsOf(createPatchedWinston().winston);

type Formats = Pick<typeof Winston.format, "json" | "timestamp">;

function formatsOf({ format: { json, timestamp } }: typeof Winston): Formats {
  return { json, timestamp };
}

/** Returns the result of a format for a line: the text, or the error that it throws. */
function formattedBy(
  formats: Formats,
  name: keyof Formats,
  info: () => unknown,
  options?: object,
): unknown {
  const format = formats[name](options);
  try {
    const result = format.transform(info() as Winston.Logform.TransformableInfo, format.options);
    return name === "json" ? (result as unknown as TransportLine)[MESSAGE_SYMBOL] : result;
  } catch (error) {
    return String(error);
  }
}

const infos: readonly { readonly title: string; readonly make: () => unknown }[] = [
  { title: "a level and a message", make: () => ({ level: "info", message: "placed" }) },
  { title: "no fields", make: () => ({}) },
  { title: "quotes and backslashes", make: () => ({ message: 'a "\\"', level: "in\\fo" }) },
  { title: "control characters", make: () => ({ message: "\u0000\b\t\n\u001f\u007f" }) },
  { title: "lone surrogates", make: () => ({ message: "a\ud83d", other: "\udc00b", ok: "😀" }) },
  { title: "line separators", make: () => ({ message: "\u2028\u2029é漢" }) },
  { title: "a long text", make: () => ({ message: "x".repeat(999) }) },
  { title: "a longer text", make: () => ({ message: "x\n".repeat(3000) }) },
  {
    title: "numbers",
    make: () => ({ a: 0, b: -0, c: 0.1, d: 1e21, e: Number.NaN, f: -Infinity, g: 2 ** 53 }),
  },
  {
    title: "booleans, null and undefined",
    make: () => ({ a: true, b: false, c: null, d: undefined }),
  },
  { title: "a first field that JSON omits", make: () => ({ a: undefined, b: "b" }) },
  { title: "only fields that JSON omits", make: () => ({ a: () => 1, b: Symbol("s") }) },
  { title: "a last field that JSON omits", make: () => ({ a: "a", b: () => 1 }) },
  { title: "a bigint", make: () => ({ a: 12n, message: "m" }) },
  { title: "names that are numbers", make: () => ({ 10: "a", 9: "b", level: "info" }) },
  { title: "names that need escapes", make: () => ({ 'a"b': "a", "c\n": "b", "": "c" }) },
  { title: "names outside of ASCII", make: () => ({ é: "a", Z: "b", a: "c", "😀": "d", _: "e" }) },
  {
    title: "a field called __proto__",
    make: () => JSON.parse('{"__proto__":"a","level":"info"}') as unknown,
  },
  { title: "as many names as a layout can have", make: () => withNames(32) },
  { title: "one name more", make: () => withNames(33) },
  { title: "very many names", make: () => withNames(300) },
  { title: "an object", make: () => ({ message: "m", order: { id: 12, total: 9.5 } }) },
  { title: "a list", make: () => ({ message: "m", items: ["a", 1, null] }) },
  { title: "a date", make: () => ({ at: new Date(0) }) },
  { title: "a toJSON method", make: () => ({ a: 1, toJSON: () => ({ b: 2 }) }) },
  { title: "a field toJSON that is no function", make: () => ({ a: 1, toJSON: "text" }) },
  { title: "an instance of a class", make: () => new URL("https://shop.test/") },
  { title: "no prototype", make: () => Object.assign(Object.create(null) as object, { a: "b" }) },
  { title: "an error", make: () => Object.assign(new Error("e"), { stack: "s" }) },
  {
    title: "a getter",
    make: () =>
      Object.defineProperty(
        {},
        "a",
        enumerableGetter(() => "b"),
      ),
  },
  {
    title: "a getter that throws",
    make: () => Object.defineProperty({}, "a", enumerableGetter(fail)),
  },
  {
    title: "a field that is not enumerable",
    make: () => Object.defineProperty({ a: "b" }, "c", { value: "d" }),
  },
  { title: "a frozen object", make: () => Object.freeze({ a: "b" }) },
  { title: "a string", make: () => "text" },
  { title: "undefined", make: () => undefined },
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

describe("The patched format.json() of winston", () => {
  for (const { title, make } of infos) {
    it(`writes the same text as the original for ${title}`, () => {
      for (const option of options) {
        const expected = formattedBy(winstonFormats, "json", make, option);
        assert.deepEqual(formattedBy(patchedFormats, "json", make, option), expected);
        // The second line with these names uses the cached layout.
        assert.deepEqual(formattedBy(patchedFormats, "json", make, option), expected);
      }
    });
  }

  it("writes the same text as the original for random fields", () => {
    const next = seededRandom(1);
    for (let line = 0; line < 3000; line++) {
      const info = randomInfo(next);
      const make = (): object => ({ ...info });
      assert.equal(
        formattedBy(patchedFormats, "json", make),
        formattedBy(winstonFormats, "json", make),
      );
    }
  });

  it("writes the same text as the original for names that never repeat, and for very long names", () => {
    for (let nr = 0; nr < 200; nr++) {
      const make = (): object => ({ level: "info", [`name${nr}`]: nr, message: "m" });
      assert.equal(
        formattedBy(patchedFormats, "json", make),
        formattedBy(winstonFormats, "json", make),
      );
    }
    const long = (): object => ({ ["n".repeat(10_000)]: "v", message: "m" });
    assert.equal(
      formattedBy(patchedFormats, "json", long),
      formattedBy(winstonFormats, "json", long),
    );
  });

  it("writes the values of each line when lines with the same names follow each other", () => {
    const lines = [
      { level: "info", message: "one", nr: 1 },
      { level: "warn", message: 'two "2"', nr: 2 },
      { level: "info", message: "three", nr: 3 },
    ];
    for (const line of lines) {
      assert.equal(
        formattedBy(patchedFormats, "json", () => ({ ...line })),
        JSON.stringify(line),
      );
    }
  });
});

describe("The patched format.timestamp() of winston", () => {
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
  it("writes the same text as the original at any time", () => {
    for (const time of times) {
      globalThis.Date = dateAt(time);
      const line = (): object => ({ message: "m" });
      const expected = formattedBy(winstonFormats, "timestamp", line);
      assert.deepEqual(formattedBy(patchedFormats, "timestamp", line), expected, String(time));
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
  it("leaves lines with a timestamp or with options to the original", () => {
    globalThis.Date = dateAt(1_700_000_000_123);
    for (const { info, options: own } of given) {
      const line = (): object => (info instanceof Error ? new Error("e") : { ...info });
      const expected = { ...(formattedBy(winstonFormats, "timestamp", line, own) as object) };
      assert.deepEqual(
        { ...(formattedBy(patchedFormats, "timestamp", line, own) as object) },
        expected,
      );
    }
  });
});

describe("The record of a winston line that telltale formats", () => {
  /** Fields that are logged by `info`, in a request. */
  const fields: readonly { readonly title: string; readonly fields: object }[] = [
    { title: "no fields", fields: {} },
    {
      title: "texts and numbers",
      fields: { order: "12", total: 9.5, big: 1e300 },
    },
    {
      title: "booleans, null and undefined",
      fields: { paid: true, free: false, none: null, no: undefined },
    },
    { title: "fields that JSON omits", fields: { a: () => 1, b: Symbol("s") } },
    { title: "an object", fields: { order: { id: 12 } } },
    { title: "a stack", fields: { stack: "TypeError: bad\n    at x" } },
    { title: "a field stack without a stack", fields: { stack: "lamp" } },
    { title: "a message", fields: { message: "more" } },
    { title: "a level", fields: { level: 3 } },
    { title: "a time", fields: { timestamp: "2020-02-03T04:05:06.789Z" } },
    { title: "an invalid time", fields: { timestamp: "yesterday" } },
    { title: "another trace", fields: { trace_id: "e".repeat(32), span_id: "f".repeat(16) } },
    { title: "only the trace id of another trace", fields: { trace_id: "e".repeat(32) } },
    { title: "an invalid trace", fields: { trace_id: 12, span_id: true, trace_flags: null } },
    { title: "its own trace flags", fields: { trace_flags: 5 } },
    { title: "its own request and user", fields: { request_id: "mine", user_id: "me" } },
    { title: "a very long text", fields: { text: "x".repeat(100_000) } },
    { title: "colours", fields: { colour: "\u001b[31mred\u001b[0m" } },
  ];
  const units = [{}, { userId: "u1", organizationId: "o1" }];
  for (const { title, fields: given } of fields) {
    it(`equals the record of a line that winston formats: ${title}`, () => {
      for (const unit of units) {
        const expected = recordsOf(given, unit, false);
        assert.deepEqual(recordsOf(given, unit, true), expected);
      }
    });
  }

  it("has the fields as they were written, even if the app changes them later", () => {
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

  it("has the text that a format after json() wrote", () => {
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
    it(`has the ids of its request, except for a user or organization that a format removed: ${id}`, () => {
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

/** Returns the records of one line as an exporter reads them, without the time. */
function recordsOf(fields: object, unit: object, isFormatPatched: boolean): unknown {
  const { winston, records } = isFormatPatched ? createPatchedWinston() : loggersOnly();
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

function withNames(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${(at * 7) % 301}`, "v"]));
}

function enumerableGetter(get: () => unknown): PropertyDescriptor {
  return { get, enumerable: true };
}

function fail(): never {
  throw new Error("must not be read");
}

/** Returns a generator of numbers from 0 to 1, the same for the same seed (a linear congruential generator with the constants of Knuth's MMIX). */
function seededRandom(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) / 2 ** 31;
  };
}

const NAMES = ["level", "message", "timestamp", "user", "a", "b", "trace_id", "é", 'q"', "0", "ab"];

/** Returns an object with neighbouring names, so that the number of layouts stays below the limit. */
function randomInfo(next: () => number): object {
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

/** Returns a `Date` whose time stands still, like those in apps' tests. */
function dateAt(time: number): DateConstructor {
  const Real = Date;
  return class extends Real {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [time] : given) as [number]));
    }
  } as DateConstructor;
}
