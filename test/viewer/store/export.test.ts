import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { OtlpSignal } from "../../../src/otlp/decode.ts";
import type { JsonObject } from "../../../src/otlp/protobuf.ts";
import { ExportSizeError, mergeLines } from "../../../src/viewer/store/items/otlp-export.ts";
import { openStore, type TelemetryStore } from "../../../src/viewer/store/telemetry-store.ts";
import { logsOf, nanoseconds, spanId, type TestSpan, TRACE, tracesOf } from "./otlp-builder.ts";

const SIGNALS: readonly OtlpSignal[] = ["traces", "logs", "metrics"];

describe("Export and import of the viewer", () => {
  const stores: TelemetryStore[] = [];

  function memoryStore(): TelemetryStore {
    const store = openStore({ projectFolder: "", history: undefined });
    stores.push(store);
    return store;
  }

  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
  });

  it("are equal: the export of an import is the same, for any telemetry in any order", () => {
    fc.assert(
      fc.property(telemetry, fc.array(fc.nat()), (requests, order) => {
        const first = memoryStore();
        for (const [signal, request] of shuffle(requests, order)) first.add(signal, request);
        const exported = linesOf(first);
        const second = memoryStore();
        importLines(second, exported);
        assert.deepEqual(linesOf(second), exported);
        // An import of what is here changes nothing.
        importLines(second, exported);
        assert.deepEqual(linesOf(second), exported);
        // So does one file for each signal.
        const third = memoryStore();
        for (const signal of SIGNALS) third.import(signal, first.export(signal, {}));
        for (const signal of SIGNALS) {
          assert.deepEqual(third.export(signal, {}), first.export(signal, {}));
        }
        assert.equal(first.status().history.units, second.status().history.units);
        for (const store of stores.splice(0)) store.close();
      }),
      { numRuns: 60 },
    );
  });

  it("keep all that OTLP has, also what the viewer does not read", () => {
    const span = {
      ...{ traceId: TRACE, spanId: spanId("a"), traceState: "ot=th:8", flags: 0x101 },
      ...{ name: "everything", kind: 2 },
      ...{ startTimeUnixNano: nanoseconds(1), endTimeUnixNano: nanoseconds(2.000001) },
      attributes: [
        { key: "int", value: { intValue: "9007199254740993" } },
        { key: "double", value: { doubleValue: 1 } },
        { key: "nan", value: { doubleValue: "NaN" } },
        { key: "bytes", value: { bytesValue: "AQI=" } },
        { key: "list", value: { arrayValue: { values: [{ boolValue: false }] } } },
        { key: "map", value: { kvlistValue: { values: [{ key: "k", value: {} }] } } },
        { key: "__proto__", value: { stringValue: "own" } },
      ],
      ...{ droppedAttributesCount: 3, droppedEventsCount: 1, droppedLinksCount: 2 },
      links: [{ traceId: "1".repeat(32), spanId: "2".repeat(16), flags: 1, attributes: [] }],
      events: [{ name: "e", timeUnixNano: nanoseconds(1.5), droppedAttributesCount: 1 }],
      status: { code: 2, message: "no" },
      newField: { later: [1, "2", null] },
    };
    const request = {
      resourceSpans: [
        {
          resource: {
            attributes: [{ key: "service.name", value: { stringValue: "s" } }],
            droppedAttributesCount: 1,
          },
          schemaUrl: "https://opentelemetry.io/schemas/1.40.0",
          scopeSpans: [
            {
              scope: {
                name: "lib",
                version: "1",
                attributes: [{ key: "k", value: { intValue: "1" } }],
              },
              schemaUrl: "https://example.com/s",
              spans: [span],
            },
          ],
        },
      ],
    };
    const store = memoryStore();
    assert.equal(store.add("traces", request), 0);
    assert.deepEqual(store.export("traces", {}), request);
    assert.deepEqual(store.exportUnit(TRACE)?.traces, request);
  });

  it("are refused as one request that is too large", () => {
    const lines = ['{"resourceSpans":[]}', '{"resourceSpans":[]}'];
    assert.deepEqual(mergeLines("traces", lines, 40), { resourceSpans: [] });
    assert.throws(() => mergeLines("traces", lines, 39), ExportSizeError);
  });

  it("have one trace a line, the oldest first, and only what a filter selects", () => {
    const store = memoryStore();
    const span = (digit: string, start: number, more: Partial<TestSpan>): TestSpan => ({
      ...{ span: `s${digit}`, trace: digit.repeat(32), kind: "server", start, ...more },
    });
    store.add("traces", tracesOf(span("1", 20, { failed: "no" }), span("2", 10, {})));
    store.add("logs", logsOf({ body: "loose" }, { body: "in a trace", trace: "1".repeat(32) }));
    const traceIds = (lines: Iterable<string>): string[] =>
      [...lines].map((line) => /"traceId":"(.)/.exec(line)?.[1] ?? "");
    assert.deepEqual(traceIds(store.exportLines("traces", {})), ["2", "1"]);
    assert.deepEqual(traceIds(store.exportLines("traces", { failed: true })), ["1"]);
    assert.deepEqual(traceIds(store.exportLines("logs", { failed: true })), ["1"]);
    assert.equal([...store.exportLines("logs", {})].length, 2);
  });
});

type Request = readonly [OtlpSignal, JsonObject];

const hex = fc.constantFrom("1", "2", "3", "a", "b");
const time = fc.nat(1000);

const attributes = fc.dictionary(
  fc.constantFrom("a", "http.route", "db.query.text", "5", "__proto__"),
  fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
);

const spanRequest: fc.Arbitrary<Request> = fc
  .record({
    span: fc.constantFrom("r1", "r2", "c1", "c2", "c3"),
    parent: fc.option(fc.constantFrom("r1", "r2", "c1", "gone"), { nil: undefined }),
    trace: hex,
    kind: fc.constantFrom("internal", "server", "client", "consumer"),
    name: fc.string(),
    ...{ start: time, end: time },
    ...{ service: fc.constantFrom("shop", "prices"), attributes },
  })
  .map(({ parent, trace, ...span }) => {
    // Spans of one id are equal, as they are in a trace.
    const key = `${trace}${span.span}`;
    const start = key.charCodeAt(0) * 10 + key.charCodeAt(2);
    const same = { ...span, start, end: start + 5, name: key, attributes: {}, kind: span.kind };
    return [
      "traces",
      tracesOf({
        ...{ ...same, trace: trace.repeat(32), service: key.length > 2 ? "shop" : "prices" },
        ...(parent !== undefined && { parent }),
      }),
    ];
  });

const logRequest: fc.Arbitrary<Request> = fc
  .record({
    ...{ body: fc.string(), at: time, severity: fc.nat(24), attributes },
    trace: fc.option(hex, { nil: undefined }),
  })
  .map(({ trace, ...log }) => [
    "logs",
    logsOf({ ...log, ...(trace !== undefined && { trace: trace.repeat(32) }) }),
  ]);

const metricRequest: fc.Arbitrary<Request> = fc
  .record({ name: fc.string(), value: fc.integer(), at: time })
  .map(({ name, value, at }) => [
    "metrics",
    {
      resourceMetrics: [
        {
          resource: {},
          scopeMetrics: [
            {
              scope: { name: "m" },
              metrics: [
                {
                  name,
                  gauge: { dataPoints: [{ timeUnixNano: nanoseconds(at), asInt: String(value) }] },
                },
              ],
            },
          ],
        },
      ],
    },
  ]);

const telemetry = fc.array(fc.oneof(spanRequest, logRequest, metricRequest), { maxLength: 30 });

function shuffle<Item>(items: readonly Item[], order: readonly number[]): Item[] {
  return items
    .map((item, index) => ({ item, rank: order[index] ?? 0 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

function linesOf(store: TelemetryStore): Record<OtlpSignal, string[]> {
  const [traces = [], logs = [], metrics = []] = SIGNALS.map((signal) => [
    ...store.exportLines(signal, {}),
  ]);
  return { traces, logs, metrics };
}

function importLines(store: TelemetryStore, lines: Record<OtlpSignal, string[]>): void {
  for (const signal of SIGNALS) {
    const requests = lines[signal].map((line) => JSON.parse(line) as JsonObject);
    assert.equal(store.importAll(signal, requests), 0);
  }
}
