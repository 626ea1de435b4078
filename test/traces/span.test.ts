import assert from "node:assert/strict";
import {
  type Attributes,
  type Context,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { spans as jsonMessages } from "../../src/export/otlp/otlp-json.ts";
import { spans as messages } from "../../src/export/otlp/otlp-protobuf.ts";
import { readExport } from "../../src/otlp/decode.ts";
import { spansOf } from "../../src/testing/otlp.ts";
import type { TelltaleSpan } from "../../src/traces/span.ts";
import { collectingProvider, type ProviderOptions } from "./provider.ts";

function startedSpan(options?: ProviderOptions): TelltaleSpan {
  return collectingProvider(options).provider.getTracer("test").startSpan("work") as TelltaleSpan;
}

const circular: { self?: unknown } = {};
circular.self = circular;
const deep = { in: {} };
for (let at: { in: object } = deep, n = 0; n < 20_000; n++) at = at.in = { in: {} } as never;
const hostile = {
  get boom(): never {
    throw new Error("boom");
  },
};

describe("A span", () => {
  const values: [title: string, value: unknown, kept: unknown][] = [
    ["a string", "a", "a"],
    ["an empty string", "", ""],
    ["a number", 1.5, 1.5],
    ["NaN", NaN, NaN],
    ["a boolean", false, false],
    ["an array of strings", ["a", "b"], ["a", "b"]],
    ["an array of numbers with a hole", [1, null, 2], [1, null, 2]],
    ["a nested map", { a: { b: [1, "x"] } }, { a: { b: [1, "x"] } }],
    ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ["undefined", undefined, undefined],
    ["a function", () => 1, undefined],
    ["a symbol", Symbol("s"), undefined],
    ["a bigint", 1n, undefined],
    ["a date", new Date(0), undefined],
    ["a map that holds itself", circular, undefined],
    ["a nesting of 20,000", deep, undefined],
    ["an object with a throwing getter", hostile, undefined],
    ["a revoked proxy", revoked(), undefined],
  ];
  for (const [title, value, kept] of values) {
    it(`${kept === undefined ? "drops" : "keeps"} ${title} as an attribute`, () => {
      const span = startedSpan();
      span.setAttribute("key", value);
      assert.deepEqual(span.attributes["key"], kept);
    });
  }

  for (const key of ["", 1, null, Symbol("k"), "__proto__"]) {
    it(`drops the attribute key ${String(key)}`, () => {
      const span = startedSpan();
      span.setAttribute(key as string, "x");
      assert.deepEqual(Object.keys(span.attributes), []);
      assert.equal(span.droppedAttributesCount, 1);
    });
  }

  it("copies arrays, so that the app may change them afterwards", () => {
    const list = ["a"];
    const span = startedSpan();
    span.setAttribute("list", list);
    list.push("b");
    assert.deepEqual(span.attributes["list"], ["a"]);
  });

  it("counts attributes beyond the limit as dropped and still overwrites existing ones", () => {
    const span = startedSpan({ limits: { attributeCount: 2 } });
    span.setAttributes({ a: 1, b: 2, c: 3 });
    span.setAttribute("a", 9);
    assert.deepEqual(span.attributes, { a: 9, b: 2 });
    assert.equal(span.droppedAttributesCount, 1);
  });

  const cuts: [text: string, limit: number, cut: string][] = [
    ["abcdef", 3, "abc"],
    ["abc", 3, "abc"],
    ["ab\u{1F600}", 3, "ab"],
    ["ab\u{1F600}", 4, "ab\u{1F600}"],
  ];
  for (const [text, limit, cut] of cuts) {
    it(`truncates "${text}" at ${limit} to "${cut}"`, () => {
      const span = startedSpan({ limits: { attributeLength: limit } });
      span.setAttribute("text", text);
      assert.equal(span.attributes["text"], cut);
    });
  }

  it("truncates the strings in arrays", () => {
    const span = startedSpan({ limits: { attributeLength: 2 } });
    span.setAttribute("list", ["abc", "d"]);
    assert.deepEqual(span.attributes["list"], ["ab", "d"]);
  });

  it("drops the oldest event above the limit", () => {
    const span = startedSpan({ limits: { eventCount: 2 } });
    for (const name of ["a", "b", "c"]) span.addEvent(name);
    assert.deepEqual(
      span.events.map((event) => event.name),
      ["b", "c"],
    );
    assert.equal(span.droppedEventsCount, 1);
  });

  it("keeps no event if the limit is zero", () => {
    const span = startedSpan({ limits: { eventCount: 0 } });
    span.addEvent("a");
    assert.deepEqual(span.events, []);
    assert.equal(span.droppedEventsCount, 1);
  });

  it("limits links and the attributes of links and events", () => {
    const span = startedSpan({
      limits: { linkCount: 1, attributesPerLink: 1, attributesPerEvent: 1 },
    });
    const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
    span.addLinks([
      { context, attributes: { first: 1 } },
      { context, attributes: { a: 1, b: 2 } },
    ]);
    span.addEvent("e", { a: 1, b: 2 });
    assert.deepEqual(span.links, [{ context, attributes: { a: 1 }, droppedAttributesCount: 1 }]);
    assert.equal(span.droppedLinksCount, 1);
    assert.deepEqual(span.events[0]?.attributes, { a: 1 });
    assert.equal(span.events[0]?.droppedAttributesCount, 1);
  });

  it("accepts a time as the second argument of addEvent", () => {
    const span = startedSpan();
    span.addEvent("e", new Date(1_700_000_000_000));
    assert.deepEqual(span.events[0]?.time, [1_700_000_000, 0]);
  });

  const statuses: [title: string, codes: number[], final: object][] = [
    ["UNSET stays", [SpanStatusCode.UNSET], { code: 0 }],
    ["ERROR is overwritten by OK", [SpanStatusCode.ERROR, SpanStatusCode.OK], { code: 1 }],
    ["OK is final", [SpanStatusCode.OK, SpanStatusCode.ERROR], { code: 1 }],
    ["UNSET overwrites nothing", [SpanStatusCode.ERROR, SpanStatusCode.UNSET], { code: 2 }],
  ];
  for (const [title, codes, final] of statuses) {
    it(`follows the status rules: ${title}`, () => {
      const span = startedSpan();
      for (const code of codes) span.setStatus({ code });
      assert.deepEqual(span.status, final);
    });
  }

  it("keeps a description with ERROR only", () => {
    const failed = startedSpan().setStatus({ code: SpanStatusCode.ERROR, message: "no" });
    const fine = startedSpan().setStatus({ code: SpanStatusCode.OK, message: "yes" });
    assert.deepEqual(failed.status, { code: 2, message: "no" });
    assert.deepEqual(fine.status, { code: 1 });
  });

  it("ignores all calls after its end", () => {
    const span = startedSpan();
    span.setAttribute("a", 1).end();
    const before = snapshot(span);
    span.setAttribute("b", 2);
    span.setAttributes({ c: 3 });
    span.addEvent("late");
    span.addLink({ context: span.spanContext() });
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.updateName("other");
    span.recordException(new Error("late"));
    span.end();
    assert.deepEqual(snapshot(span), before);
    assert.equal(span.isRecording(), false);
  });

  it("is exported once, however often it is ended", () => {
    const { provider, exported } = collectingProvider();
    const span = provider.getTracer("t").startSpan("x");
    span.end();
    span.end();
    assert.equal(exported.length, 1);
  });

  const exceptions: [title: string, exception: unknown, attributes: Attributes | undefined][] = [
    ["a string", "broken", { "exception.message": "broken" }],
    [
      "an error with a code",
      { code: "ECONNREFUSED", name: "Error", message: "m" },
      { "exception.type": "ECONNREFUSED", "exception.message": "m" },
    ],
    ["an error with a name", { name: "TypeError" }, { "exception.type": "TypeError" }],
    ["an empty object", {}, undefined],
    ["null", null, undefined],
    ["an object with throwing getters", new Proxy({}, { get: () => hostile.boom }), undefined],
  ];
  for (const [title, exception, attributes] of exceptions) {
    it(`records ${title} as ${attributes === undefined ? "nothing" : "an exception event"}`, () => {
      const span = startedSpan();
      span.recordException(exception as Error);
      assert.deepEqual(span.events[0]?.attributes, attributes);
    });
  }

  it("records the stack of an error", () => {
    const span = startedSpan();
    const error = new RangeError("far");
    span.recordException(error);
    assert.deepEqual(span.events[0]?.attributes, {
      "exception.type": "RangeError",
      "exception.message": "far",
      "exception.stacktrace": error.stack,
    });
  });

  it("never has a negative duration", () => {
    const span = startedSpan();
    span.end(new Date(0));
    assert.deepEqual(span.duration, [0, 0]);
    assert.deepEqual(span.endTime, span.startTime);
  });

  const times: [title: string, start: Date | number | [number, number]][] = [
    ["a Date", new Date(1_700_000_000_500)],
    ["milliseconds since the epoch", 1_700_000_000_500],
    ["an HrTime", [1_700_000_000, 500_000_000]],
  ];
  for (const [title, startTime] of times) {
    it(`starts at a given time: ${title}`, () => {
      const { provider } = collectingProvider();
      const span = provider.getTracer("t").startSpan("x", { startTime }) as TelltaleSpan;
      const [seconds, nanos] = span.startTime;
      assert.ok(Math.abs(seconds + nanos / 1e9 - 1_700_000_000.5) < 1e-5);
    });
  }

  type Pair = [number, number];
  const exact: [title: string, start: Pair, end: Pair, endsAt: Pair, took: Pair][] = [
    ["odd nanoseconds", [1_700_000_000, 1], [1_700_000_000, 3], [1_700_000_000, 3], [0, 2]],
    [
      "another second",
      [1_700_000_000, 999_999_999],
      [1_700_000_002, 1],
      [1_700_000_002, 1],
      [1, 2],
    ],
    ["an end before the start", [1_700_000_000, 9], [1_700_000_000, 3], [1_700_000_000, 9], [0, 0]],
  ];
  for (const [title, startTime, end, endsAt, took] of exact) {
    it(`keeps pairs of seconds and nanoseconds exactly: ${title}`, () => {
      const { provider } = collectingProvider();
      const span = provider.getTracer("t").startSpan("x", { startTime }) as TelltaleSpan;
      span.addEvent("e", { a: 1 }, startTime);
      span.addEvent("f", startTime);
      span.end(end);
      assert.deepEqual([span.startTime, span.endTime, span.duration], [startTime, endsAt, took]);
      assert.deepEqual(span.events[0]?.time, startTime);
      for (const [type, { encode, encodeRequest }] of encodings) {
        const [received] = spansOf(readExport("traces", type, encodeRequest([encode(span)])));
        assert.equal(received?.startTimeUnixNano, nanosOf(startTime));
        assert.equal(received?.endTimeUnixNano, nanosOf(endsAt));
        assert.deepEqual(
          received?.events.map(({ timeUnixNano }) => timeUnixNano),
          [nanosOf(startTime), nanosOf(startTime)],
        );
      }
    });
  }

  it("keeps an exact end with a start from the monotonic clock, and the reverse", () => {
    const { provider } = collectingProvider();
    const far: Pair = [4_000_000_000, 123_456_789];
    const span = startedSpan();
    span.end(far);
    assert.deepEqual(span.endTime, far);
    const past: Pair = [1_700_000_000, 123_456_789];
    const other = provider.getTracer("t").startSpan("x", { startTime: past }) as TelltaleSpan;
    past[1] = 0;
    other.end();
    assert.deepEqual(other.startTime, [1_700_000_000, 123_456_789]);
    assert.ok(other.endTime[0] > 1_700_000_000);
  });

  const noTimes: [title: string, time: unknown][] = [
    ["NaN", NaN],
    ["an invalid date", new Date(NaN)],
    ["a text", "now"],
    ["a pair of texts", ["1", "2"]],
    ["a revoked proxy", revoked()],
  ];
  for (const [title, time] of noTimes) {
    it(`uses the current time for ${title}`, () => {
      const { provider } = collectingProvider();
      const before = Math.floor(Date.now() / 1000) - 1;
      const options = { startTime: time as number };
      const span = provider.getTracer("t").startSpan("x", options) as TelltaleSpan;
      span.addEvent("e", {}, time as number);
      span.end(time as number);
      for (const [seconds] of [span.startTime, span.endTime, span.events[0]?.time ?? [0, 0]]) {
        assert.ok(seconds >= before && seconds <= before + 60, `${seconds}`);
      }
    });
  }

  it("is accepted by the SDK's processor and exporter", () => {
    const exporter = new InMemorySpanExporter();
    const { provider } = collectingProvider({
      processors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer("lib", "1.2.3", { schemaUrl: "https://example.org/1" });
    const parent = tracer.startSpan("parent", { kind: SpanKind.SERVER });
    const child = tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, parent));
    child.end();
    parent.end();
    const [first, second] = exporter.getFinishedSpans();
    assert.equal(first?.name, "child");
    assert.deepEqual(first?.parentSpanContext, parent.spanContext());
    assert.equal(second?.kind, SpanKind.SERVER);
    assert.deepEqual(second?.instrumentationScope, {
      name: "lib",
      version: "1.2.3",
      schemaUrl: "https://example.org/1",
    });
  });

  it("is accepted by the OTLP serializers, as protobuf and as JSON", () => {
    const span = startedSpan();
    span.setAttribute("a", 1).addEvent("e", { b: true }).end();
    assert.ok((ProtobufTraceSerializer.serializeRequest([span])?.length ?? 0) > 50);
    const json = JSON.parse(
      new TextDecoder().decode(JsonTraceSerializer.serializeRequest([span])),
    ) as { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: string; name: string }] }] }] };
    const [sent] = json.resourceSpans[0].scopeSpans[0].spans;
    assert.equal(sent.traceId, span.spanContext().traceId);
    assert.equal(sent.name, "work");
  });

  it("passes to a processor the effective parent context: none for a root", () => {
    const seen: unknown[] = [];
    const processor = {
      onStart: (_: unknown, context: Context) => seen.push(trace.getSpan(context)),
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const tracer = collectingProvider({ processors: [processor] }).provider.getTracer("t");
    const parent = tracer.startSpan("parent");
    const context = trace.setSpan(ROOT_CONTEXT, parent);
    tracer.startSpan("child", {}, context);
    tracer.startSpan("root", { root: true }, context);
    assert.deepEqual(seen, [undefined, parent, undefined]);
  });

  it("sets the random flag on new trace ids", () => {
    assert.equal(startedSpan().spanContext().traceFlags, TraceFlags.SAMPLED | 0x02);
  });
});

const encodings = [
  ["application/x-protobuf", messages],
  ["application/json", jsonMessages],
] as const;

function nanosOf([seconds, nanos]: readonly [number, number]): string {
  return `${seconds}${`${nanos}`.padStart(9, "0")}`;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function snapshot(span: TelltaleSpan): object {
  const { name, attributes, events, links, status, endTime } = span;
  return { name, attributes: { ...attributes }, events, links, status, endTime };
}

describe("A span with attributes of an instrumentation", () => {
  const shared = Object.freeze({ "http.request.method": "GET", "http.route": "/a" });
  const source = {
    cachedParts: () => [{ attributes: shared }],
    ownPairs: () => ["url.path", "/a"],
  };

  it("has the cached attributes, its own, and the app's, which override them", () => {
    const span = startedSpan();
    span.setInstrumentationAttributes(source);
    span.setAttribute("http.route", "/mine").end();
    assert.deepEqual(span.attributes, {
      "http.request.method": "GET",
      "http.route": "/mine",
      "url.path": "/a",
    });
    assert.equal(span.attributeParts(), undefined);
  });

  it("has attribute parts that encode to the same bytes", () => {
    const spans = ["first", "second"].map(() => {
      const span = startedSpan();
      span.setInstrumentationAttributes(source);
      span.end();
      return span;
    });
    assert.deepEqual(spans[0]?.attributeParts(), {
      cachedParts: [{ attributes: shared }],
      ownPairs: ["url.path", "/a"],
    });
    const received = spansOf(
      readExport(
        "traces",
        "application/x-protobuf",
        messages.encodeRequest(spans.map((span) => messages.encode(span))),
      ),
    );
    for (const span of received) {
      assert.deepEqual(span.attributes, { ...shared, "url.path": "/a" });
    }
  });

  it("stays within the limits, by count and by length", () => {
    const few = startedSpan({ limits: { attributeCount: 1 } });
    few.setInstrumentationAttributes(source);
    few.end();
    assert.equal(Object.keys(few.attributes).length, 1);
    const short = startedSpan({ limits: { attributeLength: 2 } });
    short.setInstrumentationAttributes(source);
    short.end();
    assert.equal(short.attributes["http.request.method"], "GE");
    assert.equal(short.attributeParts(), undefined);
  });
});
