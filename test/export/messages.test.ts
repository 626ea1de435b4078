import assert from "node:assert/strict";
import { type AnyValue, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { encodeLogRecord, encodeSpan, requestOf } from "../../src/export/messages.ts";
import { logsOf, readExport, spansOf } from "../../src/receiver/otlp.ts";

const long = "x".repeat(5000);
const values: Record<string, AnyValue> = {
  empty: "",
  short: "GET",
  "63 characters": "a".repeat(63),
  "64 characters": "a".repeat(64),
  "127 characters": "a".repeat(127),
  "128 characters": "a".repeat(128),
  "16,384 characters": "a".repeat(16_384),
  umlauts: "Grüße",
  "umlauts over a byte's length": "ü".repeat(100),
  emoji: "\u{1F600}".repeat(50),
  "a lone surrogate": "a\ud800b",
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

describe("Our protobuf", () => {
  for (const [title, list] of Object.entries(spans)) {
    it(`says of ${title} what the SDK's says`, () => {
      assert.deepEqual(
        readSpans(requestOfSpans(list)),
        readSpans(ProtobufTraceSerializer.serializeRequest([...list])),
      );
    });
  }

  for (const [title, value] of Object.entries(values)) {
    it(`carries an attribute as the SDK's does: ${title}`, () => {
      const list = [spanWith({ attributes: { before: 1, [title]: value, after: 2 } })];
      const ours = readSpans(requestOfSpans(list));
      assert.deepEqual(ours, readSpans(ProtobufTraceSerializer.serializeRequest(list)));
      assert.equal(ours.length, 1);
    });

    it(`carries a log record's body as the SDK's does: ${title}`, () => {
      const list = [recordWith({ body: value, attributes: { value } })];
      const ours = readLogs(requestOfRecords(list));
      assert.deepEqual(ours, readLogs(ProtobufLogsSerializer.serializeRequest(list)));
      assert.equal(ours.length, 1);
    });
  }

  it("carries a log record with and without a trace", () => {
    const list = [recordWith({ spanContext: other, eventName: "e" }), recordWith({})];
    assert.deepEqual(
      readLogs(requestOfRecords(list)),
      readLogs(ProtobufLogsSerializer.serializeRequest(list)),
    );
  });

  it("stops at a nesting that no reader would follow", () => {
    let deep: AnyValue = "end";
    for (let depth = 0; depth < 10_000; depth++) deep = [deep];
    const [log] = readLogs(requestOfRecords([recordWith({ body: deep })]));
    assert.ok(Array.isArray(log?.body));
  });

  it("gives bytes that a later request doesn't overwrite", () => {
    const first = requestOfSpans([spanWith({ name: "first" })]);
    requestOfSpans([spanWith({ name: "other" })]);
    assert.equal(readSpans(first)[0]?.name, "first");
  });
});

function requestOfSpans(list: readonly ReadableSpan[]): Uint8Array {
  return requestOf(list.map(encodeSpan));
}

function requestOfRecords(list: readonly ReadableLogRecord[]): Uint8Array {
  return requestOf(list.map(encodeLogRecord));
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

function readSpans(message: Uint8Array | undefined): ReturnType<typeof spansOf> {
  return spansOf(readExport("traces", "application/x-protobuf", message ?? new Uint8Array()));
}

function readLogs(message: Uint8Array | undefined): ReturnType<typeof logsOf> {
  return logsOf(readExport("logs", "application/x-protobuf", message ?? new Uint8Array()));
}
