import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  type Attributes,
  type LogRecord as ApiRecord,
  context,
  ROOT_CONTEXT as API_ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { runWithContext } from "../../src/context/manager.ts";
import { TelltaleLoggerProvider } from "../../src/logs/logger.ts";
import type { LogRecord } from "../../src/logs/log-record.ts";
import { resource } from "../export/telemetry.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { collectRecords, logIdsOf, inRequest, fakeSpan } from "./requests.ts";

function emit(given: unknown, limits?: Parameters<typeof collectRecords>[0]): LogRecord[] {
  const { provider, records } = collectRecords(limits);
  provider.getLogger("shop").emit(given as ApiRecord);
  return records;
}

function one(given: unknown, limits?: Parameters<typeof collectRecords>[0]): LogRecord {
  const [record] = emit(given, limits);
  assert.ok(record);
  return record;
}

describe("A log record of the API", () => {
  it("has the values that were emitted", () => {
    const record = one({
      eventName: "order.placed",
      severityNumber: 9,
      severityText: "INFO",
      body: { order: 12, items: ["a"] },
      attributes: { "shop.id": 7, nested: { deep: [1, "two", null] } },
      timestamp: [1_700_000_000, 123_000_000],
      observedTimestamp: new Date(1_700_000_001_000),
    });
    const { eventName, severityNumber, severityText, body, attributes } = record;
    assert.deepEqual(
      { eventName, severityNumber, severityText, body, attributes },
      {
        eventName: "order.placed",
        severityNumber: 9,
        severityText: "INFO",
        body: { order: 12, items: ["a"] },
        attributes: { "shop.id": 7, nested: { deep: [1, "two", null] } },
      },
    );
    assert.deepEqual(record.hrTime, [1_700_000_000, 123_000_000]);
    assert.deepEqual(record.hrTimeObserved, [1_700_000_001, 0]);
    assert.equal(record.resource, resource);
    assert.equal(record.droppedAttributesCount, 0);
  });

  it("belongs to the active span", () => {
    const { provider, records } = collectRecords();
    inRequest(1, () => provider.getLogger("shop").emit({ body: "x" }));
    assert.equal(records[0]?.spanContext?.traceId, logIdsOf(1).trace_id);
  });

  it("belongs to the span of its context before the active one", () => {
    const given: SpanContext = { traceId: "c".repeat(32), spanId: "d".repeat(16), traceFlags: 1 };
    for (const other of [
      ROOT_CONTEXT.withSpan(fakeSpan(given)),
      trace.setSpanContext(API_ROOT_CONTEXT, given),
    ]) {
      const { provider, records } = collectRecords();
      inRequest(1, () => provider.getLogger("shop").emit({ context: other }));
      assert.deepEqual(records[0]?.spanContext, given);
    }
  });

  it("belongs to no span in a context without one", () => {
    const { provider, records } = collectRecords();
    inRequest(1, () => provider.getLogger("shop").emit({ context: API_ROOT_CONTEXT }));
    assert.equal(records[0]?.spanContext, undefined);
    assert.equal(context.active(), API_ROOT_CONTEXT);
  });

  const foreignSpans = [
    { title: "throws", spanContext: () => assert.fail() },
    { title: "has no span context", spanContext: () => undefined },
    { title: "has ids of zeros", spanContext: () => ids("0".repeat(32), "0".repeat(16)) },
    { title: "has ids that are too short", spanContext: () => ids("abc", "def") },
    { title: "has ids that are numbers", spanContext: () => ids(1, 2) },
    {
      title: "has flags that are text",
      spanContext: () => ids("a".repeat(32), "b".repeat(16), "1"),
    },
  ];
  for (const { title, spanContext } of foreignSpans) {
    it(`belongs to no span if a foreign span ${title}`, () => {
      const { provider, records } = collectRecords();
      const span = { spanContext } as unknown as ReturnType<typeof fakeSpan>;
      runWithContext(ROOT_CONTEXT.withSpan(span), () =>
        provider.getLogger("shop").emit({ body: "x" }),
      );
      assert.equal(records[0]?.spanContext, undefined);
      assert.equal(records[0]?.body, "x");
    });
  }

  const times = [
    { title: "milliseconds", time: 1_700_000_000_500.25, hrTime: [1_700_000_000, 500_250_000] },
    { title: "a date", time: new Date(1_700_000_000_500), hrTime: [1_700_000_000, 500_000_000] },
    { title: "seconds and nanoseconds", time: [5, 7_000], hrTime: [5, 7_000] },
  ];
  for (const { title, time, hrTime } of times) {
    it(`accepts ${title} as its time`, () => {
      const [seconds, nanos] = one({ timestamp: time }).hrTime;
      assert.equal(seconds, hrTime[0]);
      assert.ok(Math.abs(nanos - (hrTime[1] ?? 0)) < 1000);
    });
  }

  it("interprets a small number as performance.now()", () => {
    const [seconds] = one({ timestamp: performance.now() }).hrTime;
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 5);
  });

  const invalidTimes = [
    undefined,
    null,
    "now",
    Number.NaN,
    -5e12,
    1e20,
    [],
    ["a", "b"],
    new Date("x"),
    {},
  ];
  for (const time of invalidTimes) {
    it(`has the present time if its time is ${JSON.stringify(time)}`, () => {
      const [seconds] = one({ timestamp: time, observedTimestamp: time }).hrTime;
      assert.ok(Math.abs(seconds - Date.now() / 1000) < 5);
    });
  }

  const exceptions = [
    {
      title: "an error",
      exception: Object.assign(new TypeError("bad"), { stack: "the stack" }),
      attributes: {
        "exception.type": "TypeError",
        "exception.message": "bad",
        "exception.stacktrace": "the stack",
      },
    },
    {
      title: "an error with a code",
      exception: { name: "Error", code: "ECONNREFUSED", message: "refused" },
      attributes: { "exception.type": "ECONNREFUSED", "exception.message": "refused" },
    },
    { title: "a text", exception: "bad", attributes: { "exception.message": "bad" } },
    { title: "a number", exception: 7, attributes: { "exception.message": "7" } },
    { title: "an empty object", exception: {}, attributes: {} },
    { title: "null", exception: null, attributes: {} },
    {
      title: "an error whose message can't be read",
      exception: Object.defineProperty(Object.assign(new Error("x"), { stack: "s" }), "message", {
        get: () => assert.fail(),
      }),
      attributes: {
        "exception.type": "Error",
        "exception.message": "[Unreadable]",
        "exception.stacktrace": "s",
      },
    },
  ];
  for (const { title, exception, attributes } of exceptions) {
    it(`has the exception attributes of ${title}`, () => {
      assert.deepEqual(one({ exception }).attributes, attributes);
    });
  }

  it("has the app's attributes before those of the exception", () => {
    const attributes = { "exception.type": "Mine" };
    assert.equal(
      one({ exception: new Error("x"), attributes }).attributes["exception.type"],
      "Mine",
    );
  });

  it("counts attributes over the limit, and those without a name", () => {
    const attributes = { "": 0, a: 1, b: 2, c: 3, d: undefined };
    const record = one({ attributes }, { attributeCount: 2, attributeLength: Infinity });
    assert.deepEqual(record.attributes, { a: 1, b: 2 });
    assert.equal(record.droppedAttributesCount, 2);
  });

  it("cuts texts of attributes, also nested ones, and not the body", () => {
    const given = { body: "12345678", attributes: { a: "12345678", b: ["12345678"] } };
    const record = one(given, { attributeCount: 128, attributeLength: 4 });
    assert.deepEqual(record.attributes, { a: "1234", b: ["1234"] });
    assert.equal(record.body, "12345678");
  });

  it("cuts neither names nor texts in the body", () => {
    const map = { longkeyname: "12345678", longkeyother: ["12345678"] };
    const record = one(
      { body: map, attributes: { map } },
      { attributeCount: 128, attributeLength: 4 },
    );
    assert.deepEqual(record.body, map);
    assert.deepEqual(record.attributes, { map: { longkeyname: "1234", longkeyother: ["1234"] } });
  });

  it("has no limit of length by default, and one of 64 levels", () => {
    const text = "x".repeat(70_000);
    let deep: unknown = "bottom";
    for (let level = 0; level < 70; level++) deep = [deep];
    const record = one({ body: { text }, attributes: { text, list: [text], deep } });
    assert.deepEqual(record.body, { text });
    assert.deepEqual([record.attributes["text"], record.attributes["list"]], [text, [text]]);
    assert.match(JSON.stringify(record.attributes["deep"]), /^\[{64}null\]{64}$/);
  });

  it("retains the digits of numbers", () => {
    const numbers = { minus: -0, nan: NaN, endless: -Infinity, half: 0.1, whole: 2 ** 53 + 2 };
    assert.deepEqual(one({ attributes: numbers }).attributes, numbers);
  });

  const invalidRecords = [
    undefined,
    null,
    1,
    "text",
    { attributes: 1, body: Symbol("x"), severityNumber: "x" },
  ];
  for (const given of invalidRecords) {
    it(`does not throw for ${inspect(given)}`, () => assert.doesNotThrow(() => emit(given)));
  }

  it("is dropped without an exception if it can't be read", () => {
    const given = new Proxy({}, { get: () => assert.fail() });
    assert.deepEqual(emit(given), []);
  });

  it("does not change when the app's objects change", () => {
    const attributes = { list: ["a"] };
    const record = one({ attributes });
    attributes.list.push("b");
    assert.deepEqual(record.attributes, { list: ["a"] });
  });
});

describe("A logger provider", () => {
  it("returns the same logger, with the same scope, for the same name and version", () => {
    const { provider, records } = collectRecords();
    const options = { schemaUrl: "https://shop.test/1", attributes: { a: [1, 2] } };
    provider.getLogger("shop", "1", options).emit({});
    provider.getLogger("shop", "1", structuredClone(options)).emit({});
    provider.getLogger("shop", "2", options).emit({});
    assert.equal(records[0]?.instrumentationScope, records[1]?.instrumentationScope);
    assert.notEqual(records[0]?.instrumentationScope, records[2]?.instrumentationScope);
    assert.deepEqual(records[0]?.instrumentationScope, { name: "shop", version: "1", ...options });
  });

  it("returns the same logger for attributes in another order, and another one for another number", () => {
    const { provider } = collectRecords();
    const of = (attributes: Attributes) => provider.getLogger("shop", "1", { attributes });
    assert.equal(of({ a: 1, b: "x" }), of({ b: "x", a: 1 }));
    const numbers = [0, -0, NaN, Infinity, -Infinity].map((a) => of({ a }));
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it("calls a scope without a name unknown, and omits attributes of other types", () => {
    const { provider, records } = collectRecords();
    const attributes: Attributes = { ok: true, map: {}, mixed: [1, "a"], nothing: null };
    provider.getLogger("", undefined, { attributes }).emit({});
    assert.deepEqual(records[0]?.instrumentationScope, {
      name: "unknown",
      attributes: { ok: true },
    });
  });

  it("does not throw for invalid names", () => {
    const { provider } = collectRecords();
    const unreadable = new Proxy({}, { get: () => assert.fail() });
    for (const name of [undefined, null, 1, {}, Symbol("x"), unreadable]) {
      assert.doesNotThrow(() => provider.getLogger(name as never, name as never, name as never));
    }
  });

  it("caches a limited number of loggers", () => {
    const { provider } = collectRecords();
    for (let i = 0; i < 5000; i++) provider.getLogger(`scope ${i}`);
    assert.notEqual(provider.getLogger("scope 4999"), provider.getLogger("scope 4999"));
    assert.equal(provider.getLogger("scope 0"), provider.getLogger("scope 0"));
  });

  it("has enabled loggers if there is an exporter", () => {
    assert.equal(collectRecords().provider.getLogger("shop").enabled(), true);
    const limits = { attributeCount: 128, attributeLength: Infinity };
    const none = new TelltaleLoggerProvider({ resource, limits, redactor }, undefined).getLogger(
      "shop",
    );
    assert.equal(none.enabled(), false);
    assert.doesNotThrow(() => none.emit({ body: "x" }));
  });
});

function ids(traceId: unknown, spanId: unknown, traceFlags: unknown = 1): SpanContext {
  return { traceId, spanId, traceFlags } as SpanContext;
}
