import assert from "node:assert/strict";
import type { Attributes } from "@opentelemetry/api";
import { jsonLineOf } from "../../src/logs/json-line.ts";
import { collectRecords, inRequest, logIdsOf } from "./requests.ts";

/** Returns the line of a record that the app emits in a request. */
function lineOf(input: object, name = "shop"): string {
  const { provider, records } = collectRecords();
  inRequest(1, () =>
    provider.getLogger(name).emit({ timestamp: 1_764_000_000_123, severityNumber: 9, ...input }),
  );
  return jsonLineOf(records[0]!);
}

function fieldsOf(input: object, name?: string): Record<string, unknown> {
  return JSON.parse(lineOf(input, name)) as Record<string, unknown>;
}

const { trace_id, span_id } = logIdsOf(1);

describe("A line of a log file", () => {
  it("has the documented fields first, then the app's", () => {
    const line = lineOf({
      severityText: "info",
      body: "order placed",
      attributes: {
        "order.id": 12,
        "telltale.request.id": "r-1",
        "user.id": "u-1",
        user_id: "u-1",
      },
    });
    const rest = `"request_id":"r-1","user_id":"u-1","order.id":12`;
    assert.equal(
      line,
      `{"timestamp":"2025-11-24T16:00:00.123Z","level":"info","message":"order placed","service":"shop","environment":"test","logger":"shop","trace_id":"${trace_id}","span_id":"${span_id}","trace_flags":"03",${rest}}`,
    );
  });

  const bodies: readonly (readonly [string, unknown, unknown])[] = [
    ["a text with line breaks and quotes", 'a\n"b"\u2028\ud800', 'a\n"b"\u2028\ufffd'],
    ["a map", { a: { b: [1, null] } }, { a: { b: [1, null] } }],
    ["bytes", { a: new Uint8Array([1, 2]) }, { a: "AQI=" }],
    [
      "numbers that JSON has no form for",
      { a: NaN, b: 2n ** 62n },
      { a: "NaN", b: String(2n ** 62n) },
    ],
  ];
  for (const [title, body, message] of bodies) {
    it(`has ${title} as its message, on one line`, () => {
      const line = lineOf({ body });
      assert.ok(!line.includes("\n"), line);
      assert.deepEqual((JSON.parse(line) as { message: unknown }).message, message);
    });
  }

  it("keeps the digits of large integers", () => {
    assert.match(lineOf({ attributes: { id: 9_007_199_254_740_993n } }), /"id":9007199254740993/);
  });

  const fields: readonly (readonly [string, Attributes, object])[] = [
    ["its own service", { service: "worker", logger: "db" }, { service: "worker", logger: "db" }],
    ["its own user", { "user.id": "u-1", user_id: "u-2" }, { user_id: "u-2" }],
    ["a field with the name of the level", { level: 3 }, { level: "info", app_level: 3 }],
    ["a secret", { password: "swordfish9" }, { password: "REDACTED" }],
  ];
  for (const [title, attributes, expected] of fields) {
    it(`shows ${title} of the app`, () => {
      const line = fieldsOf({ attributes });
      assert.deepEqual({ ...line, ...expected }, line);
    });
  }

  const long = "x".repeat(5_000_000);
  const cut = `${"x".repeat(250_000)}[Truncated]`;
  const longLines: readonly (readonly [string, object, Readonly<Record<string, unknown>>])[] = [
    ["message", { body: long, attributes: { order: 12 } }, { message: cut, order: 12 }],
    [
      "stack, with its message",
      { body: "failed", attributes: { "exception.stacktrace": long } },
      { message: "failed", "exception.stacktrace": cut },
    ],
    [
      "text of emoji",
      { body: "😀".repeat(600_000) },
      { message: /^(?:😀){125000}\[Truncated\]$/u },
    ],
    [
      "list",
      { attributes: { list: Array(90_000).fill("x".repeat(20)) } },
      { list: /\[Truncated\]$/ },
    ],
    [
      "number of fields",
      {
        body: "many",
        attributes: Object.fromEntries(
          Array.from({ length: 100 }, (_, at) => [`field${at}`, "x".repeat(20_000)]),
        ),
      },
      { message: "many", field0: "x".repeat(20_000), "log.record.dropped_fields": 66 },
    ],
  ];
  for (const [title, input, expected] of longLines) {
    it(`is cut to less than a megabyte if it has a long ${title}`, () => {
      const line = lineOf(input);
      assert.ok(line.length < 1_010_000, `${line.length} characters`);
      const parsed = JSON.parse(line) as Record<string, unknown>;
      assert.deepEqual([parsed["logger"], parsed["trace_id"]], ["shop", trace_id]);
      for (const [name, value] of Object.entries(expected)) {
        if (value instanceof RegExp) assert.match(String(parsed[name]), value);
        else assert.equal(parsed[name], value, name);
      }
    });
  }

  it("keeps the digits of large integers also if it is cut", () => {
    const line = lineOf({ body: long, attributes: { id: 9_007_199_254_740_993n } });
    assert.match(line, /"id":9007199254740993/);
  });

  it("has a text of 900,000 characters as it is", () => {
    const body = "x".repeat(900_000);
    assert.equal(fieldsOf({ body })["message"], body);
  });

  const eventAttributes: readonly (readonly [string, Attributes, object])[] = [
    [
      "attributes of the semantic conventions",
      { "http.request.method": "GET", "http.route": "/a", "error.type": "TypeError" },
      { method: "GET", route: "/a", error_type: "TypeError" },
    ],
    [
      "the parts of a request",
      { "telltale.request.own.duration": 2, "telltale.request.database.calls": 3 },
      { own_duration: 2, database_calls: 3 },
    ],
    [
      "a field of the app with the name of one of the event",
      { "telltale.security.event": "login", event: "a party", level: "high" },
      { event: "login", app_event: "a party", app_level: "high" },
    ],
    ["another field of the app", { "order.id": 7 }, { "order.id": 7 }],
  ];
  for (const [title, attributes, expected] of eventAttributes) {
    it(`has ${title} under their short names in an event of telltale, each once`, () => {
      const line = lineOf({ eventName: "telltale.request.completed", attributes });
      const parsed = JSON.parse(line) as Record<string, unknown>;
      assert.deepEqual({ ...parsed, ...expected }, parsed);
      assert.equal(Object.keys(parsed).length, line.split('":').length - 1);
      assert.equal(parsed["otel.event.name"], undefined);
    });

    it(`has ${title} as it is in an event of the app`, () => {
      const parsed = fieldsOf({ eventName: "shop.sold", attributes });
      const { level: _, ...others } = attributes;
      assert.deepEqual({ ...parsed, ...others, "otel.event.name": "shop.sold" }, parsed);
    });
  }

  const levels: readonly (readonly [string, object, string])[] = [
    ["shop", { severityText: "verbose", severityNumber: 6 }, "verbose"],
    ["shop", { severityNumber: 17 }, "error"],
    ["shop", { severityNumber: 0 }, "info"],
    ["console", { severityText: "log", severityNumber: 9 }, "info"],
  ];
  for (const [name, input, level] of levels) {
    it(`has the level ${level} for ${JSON.stringify(input)} of ${name}`, () => {
      assert.equal(fieldsOf(input, name)["level"], level);
    });
  }
});
