import assert from "node:assert/strict";
import type { WatchedUnit } from "../../../src/context/unit-views.ts";
import { CallTimes } from "../../../src/context/call-times.ts";
import { queryLine } from "../../../src/development/request-log/query-line.ts";
import { type UnitEnd, unitLines } from "../../../src/development/request-log/unit-lines.ts";
import { UnitRecord } from "../../../src/development/request-log/unit-record.ts";
import { callOfSpan, type SpanLike } from "../../../src/queries/call.ts";

const end: UnitEnd = {
  at: new Date(2026, 11, 1, 9, 5, 7),
  endedAt: 100,
  durationMs: 12.34,
  status: 200,
  errorType: undefined,
  errors: [],
  slowMs: 2000,
  ignoredCalls: [],
  style: (style, text) => `<${String(style)}>${text}`,
};

const plain: UnitEnd = { ...end, style: (_style, text) => text };

function unit(more: Partial<WatchedUnit> = {}): WatchedUnit {
  return {
    method: "GET",
    span: undefined,
    callTimes: undefined,
    currentRoute: () => "/orders/:id",
    redactedPath: () => "/orders/7",
    jobInfo: () => undefined,
    onEnded() {},
    ...more,
  };
}

let spans = 0;
function query(text: string, more: Partial<SpanLike> = {}): SpanLike {
  return {
    spanId: String(spans++),
    parentSpanId: "unit",
    name: "SELECT",
    isClient: true,
    start: spans,
    durationMs: 1,
    failed: false,
    ...more,
    attributes: { "db.system.name": "postgresql", "db.query.text": text, ...more.attributes },
  };
}

describe("The line of a request in the log for development", () => {
  const job = { method: undefined, redactedPath: () => undefined, currentRoute: () => "sweep" };
  const rows: readonly (readonly [string, Partial<WatchedUnit>, Partial<UnitEnd>, string])[] = [
    ["of a route", {}, {}, "09:05:07 GET /orders/7 (/orders/:id) 200 12 ms"],
    [
      "whose path is the route",
      { currentRoute: () => "/orders/7" },
      {},
      "09:05:07 GET /orders/7 200 12 ms",
    ],
    ["without a route", { currentRoute: () => undefined }, {}, "09:05:07 GET /orders/7 200 12 ms"],
    [
      "without a response",
      {},
      { status: undefined },
      "09:05:07 GET /orders/7 (/orders/:id) no response 12 ms",
    ],
    [
      "that is slow",
      {},
      { durationMs: 2345.6 },
      "09:05:07 GET /orders/7 (/orders/:id) 200 2.35 s (slow)",
    ],
    [
      "where none is slow",
      {},
      { durationMs: 2345.6, slowMs: 0 },
      "09:05:07 GET /orders/7 (/orders/:id) 200 2.35 s",
    ],
    ["that is fast", {}, { durationMs: 0.44 }, "09:05:07 GET /orders/7 (/orders/:id) 200 0.4 ms"],
    ["of a job", job, { status: undefined }, "09:05:07 job sweep done 12 ms"],
    [
      "of a failed job",
      job,
      { status: undefined, errorType: "Error" },
      "09:05:07 job sweep failed (Error) 12 ms",
    ],
    [
      "whose path controls a terminal",
      { redactedPath: () => "/\u001b[2J\n", currentRoute: () => undefined },
      {},
      "09:05:07 GET /\\u001b[2J\\n 200 12 ms",
    ],
  ];
  for (const [title, ofUnit, ofEnd, expected] of rows) {
    it(`${title} is "${expected}"`, () => {
      assert.deepEqual(unitLines(new UnitRecord(unit(ofUnit)), { ...plain, ...ofEnd }), [expected]);
    });
  }

  it("has the color of its status", () => {
    for (const [status, color] of [
      [200, "green"],
      [302, "green"],
      [404, "yellow"],
      [500, "red"],
    ] as const) {
      const [line = ""] = unitLines(new UnitRecord(unit()), { ...end, status });
      assert.ok(line.includes(`<${color}>${status}`), line);
    }
  });

  it("has calls, lookups and lines", () => {
    const callTimes = new CallTimes();
    for (const kind of ["database", "database", "cache", "outgoing"] as const) {
      callTimes.started(kind, 10);
      callTimes.ended(kind, 30);
    }
    callTimes.recordLookups(2, 1);
    const record = new UnitRecord(unit({ callTimes }));
    for (const severity of [9, 13, 17, 21]) record.addLine(severity);
    assert.equal(
      unitLines(record, plain)[0],
      "09:05:07 GET /orders/7 (/orders/:id) 200 12 ms, 2 queries 40 ms, 1 cache command 20 ms, cache 2 hits 1 miss, 1 call 20 ms, 4 lines (1 warn, 2 error)",
    );
  });

  it("has five marks of a kind at most", () => {
    const record = new UnitRecord(unit());
    for (const name of ["a", "b", "c", "d", "e", "f", "g"])
      record.addCall(query(`SELECT * FROM ${name}`, { durationMs: 100 }));
    const [, ...marks] = unitLines(record, plain);
    assert.equal(marks.length, 6);
    assert.equal(marks[0], "  slow: 100 ms: SELECT * FROM a");
    assert.equal(marks[5], "  and 2 more");
  });

  it("has errors in one line each", () => {
    const place = { file: `${process.cwd()}/src/a\u001b.js`, line: 3, function: "load" };
    const errors = [{ type: "TypeError", message: "no\nprice\u0007", place }];
    const [, error] = unitLines(new UnitRecord(unit()), { ...plain, errors });
    assert.equal(error, "  error: TypeError: no price\\u0007 at src/a\\u001b.js:3 (load)");
  });

  it("leaves out repeated calls that are ignored", () => {
    const record = new UnitRecord(unit());
    for (let index = 0; index < 3; index++) {
      const attributes = { "db.query.parameter.0": "7" };
      record.addCall(query("SELECT * FROM prices WHERE id = $1", { attributes }));
    }
    assert.match(String(unitLines(record, plain)[1]), /^ {2}duplicate: 3 times, 3.0 ms/);
    const ignoredCalls = ["SELECT * FROM prices*"];
    assert.equal(unitLines(record, { ...plain, ignoredCalls }).length, 1);
  });
});

describe("The line of a query in the log for development", () => {
  const rows: readonly (readonly [string, SpanLike, string])[] = [
    [
      "with named parameters",
      query("SELECT\n  1", {
        attributes: { "db.query.parameter.id": "7", "db.query.parameter.b": "x" },
      }),
      "  query 1.0 ms SELECT 1 {id: 7, b: x}",
    ],
    [
      "with parameters by position, and rows",
      query("SELECT $1", {
        attributes: { "db.query.parameter.0": "\u001b", "db.response.returned_rows": 1 },
      }),
      "  query 1.0 ms 1 row SELECT $1 [\\u001b]",
    ],
    [
      "that failed",
      query("SELECT", { failed: true, attributes: { "error.type": "23505" } }),
      "  query 1.0 ms failed (23505) SELECT",
    ],
  ];
  for (const [title, span, expected] of rows) {
    it(title, () => {
      const call = callOfSpan(span, "");
      assert.ok(call !== undefined);
      assert.equal(queryLine(call, span, undefined, plain.style), expected);
      assert.equal(queryLine(call, span, unit(), plain.style), `${expected}, GET /orders/7`);
    });
  }
});
