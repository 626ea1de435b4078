import assert from "node:assert/strict";
import { type AnyValue, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { EncodedItem, ItemEncoder } from "../../../src/export/otlp/encoded-item.ts";
import * as json from "../../../src/export/otlp/otlp-json.ts";
import * as protobuf from "../../../src/export/otlp/otlp-protobuf.ts";
import { readExport } from "../../../src/otlp/decode.ts";
import { logsOf, spansOf } from "../../../src/testing/otlp.ts";

const long = "x".repeat(5000);
const values: Record<string, AnyValue> = {
  empty: "",
  short: "GET",
  "63 characters": "a".repeat(63),
  "64 characters": "a".repeat(64),
  "127 characters": "a".repeat(127),
  "128 characters": "a".repeat(128),
  "16,384 characters": "a".repeat(16_384),
  "15 characters": "a".repeat(15),
  "16 characters": "a".repeat(16),
  umlauts: "Grüße",
  "umlauts in 16 characters": "ü".repeat(16),
  "an umlaut at the end of 16": `${"a".repeat(15)}ü`,
  "umlauts over a byte's length": "ü".repeat(100),
  emoji: "\u{1F600}".repeat(50),
  "a lone surrogate": "a\ud800b",
  "a lone surrogate in 17 characters": `${"a".repeat(16)}\ud800`,
  "a piece of a text": "0123456789".repeat(5).slice(3, 40),
  "two texts put together": ["left".repeat(3), "right".repeat(3)].reduce((a, b) => a + b),
  zero: 0,
  one: 1,
  "the largest varint of one byte": 127,
  "the smallest of two": 128,
  "beyond 32 bits": 2 ** 40 + 3,
  "the largest safe integer": Number.MAX_SAFE_INTEGER,
  negative: -1,
  "the smallest safe integer": Number.MIN_SAFE_INTEGER,
  fraction: 0.1,
  NaN,
  infinite: -Infinity,
  true: true,
  false: false,
  bytes: new Uint8Array([0, 255, 128]),
  list: ["a", 1, true, null, ["deep"]],
  "an empty list": [],
  map: { a: { b: { c: "d" } }, n: 1 },
  "an empty map": {},
  null: null,
};

const scopes = [
  { name: "a", version: "1.0.0", schemaUrl: "https://example.org/schema" },
  { name: "b" },
];
const resources = [
  resourceFromAttributes({ "service.name": "shop" }),
  resourceFromAttributes({ "service.name": "other", long }),
];

function spanWith(over: Partial<ReadableSpan>): ReadableSpan {
  return {
    name: "work",
    kind: SpanKind.INTERNAL,
    spanContext: () => ({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
    }),
    startTime: [1_795_224_388, 794_860_352],
    endTime: [1_795_224_388, 999_999_999],
    status: { code: SpanStatusCode.UNSET },
    attributes: {},
    links: [],
    events: [],
    duration: [0, 1],
    ended: true,
    resource: resources[0]!,
    instrumentationScope: scopes[0]!,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...over,
  };
}

const other = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 3 };
const traceState = { serialize: () => "a=1,b=2" } as never;

const spans: Record<string, readonly ReadableSpan[]> = {
  "no span": [],
  "a plain span": [spanWith({})],
  "a span with a parent": [spanWith({ parentSpanContext: other })],
  "a span with a remote parent": [spanWith({ parentSpanContext: { ...other, isRemote: true } })],
  "a span with trace state": [spanWith({ spanContext: () => ({ ...other, traceState }) })],
  "a span of each kind": [0, 1, 2, 3, 4].map((kind) => spanWith({ kind })),
  "a failed span": [spanWith({ status: { code: SpanStatusCode.ERROR, message: "no" } })],
  "an OK span": [spanWith({ status: { code: SpanStatusCode.OK } })],
  "a span that dropped things": [
    spanWith({ droppedAttributesCount: 1, droppedEventsCount: 300, droppedLinksCount: 70_000 }),
  ],
  "events and links": [
    spanWith({
      events: [
        { name: "first", time: [1, 2], attributes: { a: 1 }, droppedAttributesCount: 3 },
        { name: "second", time: [1_700_000_000, 0] },
      ],
      links: [
        { context: { ...other, isRemote: true, traceState }, attributes: { b: "c" } },
        { context: other, droppedAttributesCount: 2 },
      ],
    }),
  ],
  "several scopes and resources": [
    spanWith({}),
    spanWith({ instrumentationScope: scopes[1]! }),
    spanWith({ resource: resources[1]! }),
    spanWith({}),
  ],
  "more than one buffer": Array.from({ length: 300 }, () => spanWith({ attributes: { long } })),
};

interface Format {
  readonly name: string;
  readonly contentType: string;
  readonly ours: {
    readonly spans: ItemEncoder<ReadableSpan>;
    readonly logRecords: ItemEncoder<ReadableLogRecord>;
  };
}

const formats: readonly Format[] = [
  { name: "protobuf", contentType: "application/x-protobuf", ours: protobuf },
  { name: "JSON", contentType: "application/json", ours: json },
];

for (const { name, contentType, ours } of formats) {
  const spansIn = (list: readonly ReadableSpan[]): ReturnType<typeof spansOf> =>
    spansOf(readExport("traces", contentType, requestOf(ours.spans, list)));
  const logsIn = (list: readonly ReadableLogRecord[]): ReturnType<typeof logsOf> =>
    logsOf(readExport("logs", contentType, requestOf(ours.logRecords, list)));

  describe(`The ${name} encoder`, () => {
    for (const [title, list] of Object.entries(spans)) {
      it(`encodes ${title} like the SDK's protobuf`, () => {
        assert.deepEqual(spansIn(list), theirSpans(list));
      });
    }

    for (const [title, value] of Object.entries(values)) {
      it(`encodes an attribute like the SDK's protobuf: ${title}`, () => {
        const list = [spanWith({ attributes: { before: 1, [title]: value, after: 2 } })];
        assert.deepEqual(spansIn(list), theirSpans(list));
        assert.equal(spansIn(list).length, 1);
      });

      it(`encodes the body of a log record like the SDK's protobuf: ${title}`, () => {
        const list = [recordWith({ body: value, attributes: { value } })];
        assert.deepEqual(logsIn(list), theirLogs(list));
        assert.equal(logsIn(list).length, 1);
      });
    }

    it("encodes integers beyond 64 bits as doubles", () => {
      const attributes = { large: 2 ** 70, negative: -(2 ** 63) - 2048, limit: 2 ** 53 };
      assert.deepEqual(spansIn([spanWith({ attributes })])[0]?.attributes, attributes);
    });

    it("encodes a log record with and without a trace", () => {
      const list = [recordWith({ spanContext: other, eventName: "e" }), recordWith({})];
      assert.deepEqual(logsIn(list), theirLogs(list));
    });

    it("encodes a time out of range as 0", () => {
      for (const seconds of [-1, Number.NaN, 1e300]) {
        const [span] = spansIn([spanWith({ startTime: [seconds, 5], endTime: [1, 5] })]);
        assert.deepEqual([span?.startTimeUnixNano, span?.endTimeUnixNano], ["0", "1000000005"]);
      }
    });

    it("stops at a nesting that parsers would reject", () => {
      let deep: AnyValue = "end";
      for (let depth = 0; depth < 10_000; depth++) deep = [deep];
      const [log] = logsIn([recordWith({ body: deep })]);
      assert.match(JSON.stringify(log?.body), /^\[{47}null\]{47}$/);
    });

    it("encodes numbers with all their digits", () => {
      const attributes = {
        "int64.max": (2n ** 63n - 1n) as unknown as number,
        "int64.min": -(2n ** 63n) as unknown as number,
        minus: -0,
        huge: 1e300,
        nan: NaN,
        endless: -Infinity,
      };
      const read = {
        ...attributes,
        "int64.max": "9223372036854775807",
        "int64.min": "-9223372036854775808",
      };
      assert.deepEqual(logsIn([recordWith({ attributes })])[0]?.attributes, read);
      assert.deepEqual(spansIn([spanWith({ attributes })])[0]?.attributes, read);
    });

    it("returns bytes that a later request does not overwrite", () => {
      const first = requestOf(ours.spans, [spanWith({ name: "first" })]);
      requestOf(ours.spans, [spanWith({ name: "other" })]);
      assert.equal(spansOf(readExport("traces", contentType, first))[0]?.name, "first");
    });
  });
}

describe("Memory outside the heap", () => {
  const named = (name: string): EncodedItem => protobuf.spans.encode(spanWith({ name }));
  const namesIn = (request: Uint8Array): string[] =>
    spansOf(readExport("traces", "application/x-protobuf", request)).map(({ name }) => name);

  it("is reused after its items were released", () => {
    const before = Array.from({ length: 300 }, (_, index) => named(`${index} ${"x".repeat(1000)}`));
    const kept = named("kept");
    const pages = new Set(before.map(({ buffer }) => buffer));
    assert.ok(pages.size > 3, "several pages");
    for (const { buffer } of before) buffer.release();
    const names = Array.from({ length: 300 }, (_, index) => `${index} ${"y".repeat(1000)}`);
    const after = names.map(named);
    assert.ok(
      after.some(({ buffer }) => pages.has(buffer) && buffer !== kept.buffer),
      "none is used again",
    );
    assert.deepEqual(namesIn(protobuf.spans.encodeRequest([kept, ...after])), ["kept", ...names]);
  });

  it("is reused for a request after another was recycled, and only then", () => {
    const first = protobuf.spans.encodeRequest([named("first")]);
    const second = protobuf.spans.encodeRequest([named("second")]);
    assert.notEqual(first.buffer, second.buffer);
    assert.deepEqual([...namesIn(first), ...namesIn(second)], ["first", "second"]);
    protobuf.recycle(first);
    const third = protobuf.spans.encodeRequest([named("third")]);
    assert.equal(third.buffer, first.buffer);
    assert.deepEqual([...namesIn(second), ...namesIn(third)], ["second", "third"]);
  });
});

describe("OTLP as JSON", () => {
  const numbers: readonly [number, object][] = [
    [Number.NaN, { doubleValue: "NaN" }],
    [Infinity, { doubleValue: "Infinity" }],
    [-Infinity, { doubleValue: "-Infinity" }],
    [1, { intValue: "1" }],
    [0.5, { doubleValue: 0.5 }],
    [1e70, { doubleValue: 1e70 }],
  ];
  for (const [number, value] of numbers) {
    it(`writes ${number} like protobuf's JSON mapping`, () => {
      const request = requestOf(json.spans, [spanWith({ attributes: { number } })]);
      const text = Buffer.from(request).toString();
      const written = JSON.stringify({ key: "number", value });
      assert.ok(text.includes(`"attributes":[${written}]`), text);
    });
  }
});

function requestOf<One>(format: ItemEncoder<One>, list: readonly One[]): Uint8Array {
  return format.encodeRequest(list.map((one) => format.encode(one)));
}

function theirSpans(list: readonly ReadableSpan[]): ReturnType<typeof spansOf> {
  const message = ProtobufTraceSerializer.serializeRequest([...list]) ?? new Uint8Array();
  return spansOf(readExport("traces", "application/x-protobuf", message));
}

function theirLogs(list: readonly ReadableLogRecord[]): ReturnType<typeof logsOf> {
  const message = ProtobufLogsSerializer.serializeRequest([...list]) ?? new Uint8Array();
  return logsOf(readExport("logs", "application/x-protobuf", message));
}

function recordWith(over: Partial<ReadableLogRecord>): ReadableLogRecord {
  return {
    hrTime: [1_795_224_388, 1],
    hrTimeObserved: [1_795_224_388, 2],
    severityNumber: 9,
    severityText: "info",
    body: "hello",
    attributes: {},
    droppedAttributesCount: 0,
    resource: resources[0]!,
    instrumentationScope: scopes[0]!,
    ...over,
  };
}
