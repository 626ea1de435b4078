import assert from "node:assert/strict";
import { stripVTControlCharacters, styleText } from "node:util";
import { renderTrace, type CollectedTrace } from "../../../src/cli/demo/render-trace.ts";
import type { StyleText } from "../../../src/diagnostics/terminal-style.ts";
import { createEvent, createLog, createSpan, createTrace, TRACE_ID } from "./trace-fixture.ts";

const plain: StyleText = (_style, text) => text;
const coloured: StyleText = (style, text) => styleText(style, text, { validateStream: false });

const failedOrder: CollectedTrace = createTrace({
  // In the order in which exporters may send them.
  spans: [
    createSpan({
      id: "e",
      parent: "d",
      service: "payments",
      name: "POST /charges",
      kind: "SERVER",
      from: 6000,
      to: 9000,
      failed: true,
      attributes: { "http.response.status_code": 500 },
    }),
    createSpan({
      id: "b",
      parent: "a",
      name: "SELECT products",
      kind: "CLIENT",
      from: 500,
      to: 1000,
      attributes: { "db.query.text": "SELECT id, name\n  FROM products\n  WHERE id = $1" },
    }),
    createSpan({ id: "c", parent: "a", name: "reserve", from: 1000, to: 5000 }),
    createSpan({
      id: "f",
      parent: "c",
      name: "UPDATE products",
      kind: "CLIENT",
      from: 2000,
      to: 4000,
      attributes: { "db.query.text": `UPDATE products SET ${"stock = stock - $1, ".repeat(9)}` },
    }),
    createSpan({
      id: "d",
      parent: "a",
      name: "POST",
      kind: "CLIENT",
      from: 5000,
      to: 9500,
      failed: true,
      attributes: {
        "http.response.status_code": 500,
        "url.full": "http://127.0.0.1:1/charges?a=b",
      },
    }),
    createSpan({
      id: "a",
      name: "POST /api/orders",
      kind: "SERVER",
      from: 0,
      to: 10_000,
      failed: true,
      attributes: { "http.response.status_code": 500 },
    }),
  ],
  logs: [
    createLog({ at: 9600, level: "error", body: "payment failed", attributes: { order: 40 } }),
    createLog({
      at: 1000,
      level: "info",
      body: "charging",
      service: "payments",
      attributes: { "telltale.request.id": "r", order: 40, lines: [1, 2] },
    }),
  ],
  samples: [
    {
      service: "shop",
      line: `http_server_request_duration_seconds_bucket{http_request_method="POST",http_route="/api/orders",http_response_status_code="500",url_scheme="http",le="0.01"} 5 # {trace_id="${TRACE_ID}",span_id="a"} 0.0099871 1795262400.000`,
    },
  ],
  events: [
    createEvent("Error", "payment service answered 500", { timestamp: 2 }),
    createEvent(
      "TypeError",
      "Cannot read properties of undefined (reading 'factor')",
      { timestamp: 1 },
      "e",
    ),
  ],
});

describe("The rendered trace", () => {
  it("shows the waterfall, log lines, samples and events, each with the trace id", () => {
    assert.deepEqual(renderTrace(failedOrder, plain), [
      "── Trace ──────────────────────────────────── ● 0af7651916cd43dd8448eb211c80319c",
      "shop      POST /api/orders 500 ✗          ━━━━━━━━━━━━━━━━━━━━━━━━━━━    10.0 ms",
      "          ├ SELECT products                ━━                             0.5 ms",
      "          │   SELECT id, name FROM products WHERE id = $1",
      "          ├ reserve                         ━━━━━━━━━━━━                  4.0 ms",
      "          │ └ UPDATE products                  ━━━━━━                     2.0 ms",
      "          │     UPDATE products SET stock = stock - $1, stock = stock - $1, sto…",
      "          └ → POST /charges 500 ✗                      ━━━━━━━━━━━━━      4.5 ms",
      "payments    └ POST /charges 500 ✗                         ━━━━━━━━━       3.0 ms",
      "",
      "── Log lines ───────────────────────────────────────────────────────────────────",
      "payments  12:00:00.001 info   charging",
      "          order=40 lines=[1,2]                ● 0af7651916cd43dd8448eb211c80319c",
      "shop      12:00:00.009 error  payment failed",
      "          order=40                            ● 0af7651916cd43dd8448eb211c80319c",
      "",
      "── Metrics ─────────────────────────────────────────────────────────────────────",
      'shop      http_server_request_duration_seconds_bucket{le="0.01"} 5',
      '          http_request_method="POST" http_route="/api/orders"',
      '          http_response_status_code="500" url_scheme="http"',
      "          exemplar: 0.00999 s                 ● 0af7651916cd43dd8448eb211c80319c",
      "",
      "── Sentry ──────────────────────────────────────────────────────────────────────",
      "payments  TypeError: Cannot read properties of undefined (reading 'factor')",
      "          payments.js:19  const amount = cents * rates[currency].factor;",
      "          POST /charges · demo                ● 0af7651916cd43dd8448eb211c80319c",
      "shop      Error: payment service answered 500",
      "          payments.js:19  const amount = cents * rates[currency].factor;",
      "          POST /charges · demo                ● 0af7651916cd43dd8448eb211c80319c",
    ]);
  });

  it("has the same columns with colours", () => {
    const lines = renderTrace(failedOrder, coloured);
    assert.deepEqual(lines.map(stripVTControlCharacters), renderTrace(failedOrder, plain));
    assert.ok(lines.every((line) => line === "" || stripVTControlCharacters(line) !== line));
  });

  it("has a section for signals without items", () => {
    const lines = renderTrace(
      createTrace({ spans: [createSpan({ id: "a", name: "work", from: 0, to: 0 })] }),
      plain,
    );
    assert.deepEqual(lines, [
      "── Trace ──────────────────────────────────── ● 0af7651916cd43dd8448eb211c80319c",
      "shop  work                                ━━━━━━━━━━━━━━━━━━━━━━━━━━━     0.0 ms".replace(
        "━".repeat(27),
        `━${" ".repeat(26)}`,
      ),
      "",
      "── Log lines ───────────────────────────────────────────────────────────────────",
      "      nothing",
      "",
      "── Metrics ─────────────────────────────────────────────────────────────────────",
      "      nothing",
      "",
      "── Sentry ──────────────────────────────────────────────────────────────────────",
      "      nothing",
    ]);
  });

  it("shows spans without a received parent as roots, and spans that start before their parent", () => {
    const spans = [
      createSpan({ id: "b", parent: "elsewhere", name: "second", from: 500, to: 1000 }),
      createSpan({ id: "a", parent: "elsewhere", name: "first", from: 0, to: 900 }),
    ];
    const [, first = "", second = ""] = renderTrace(createTrace({ spans }), plain);
    assert.match(first, /^shop {2}first +━+ +0\.9 ms$/);
    assert.match(second, /^ {6}second +━+ +0\.5 ms$/);
  });

  it("does not mark a log line or an event with another trace id", () => {
    const other = { trace: { trace_id: "f".repeat(32), span_id: "a" } };
    const lines = renderTrace(
      createTrace({
        logs: [createLog({ at: 0, level: "info", body: "hello", traceId: "f".repeat(32) })],
        events: [createEvent("Error", "no", { contexts: other })],
      }),
      plain,
    );
    assert.equal(lines.filter((line) => line.includes(TRACE_ID)).length, 1);
  });

  it("shows a message event, and an event without any details", () => {
    const lines = renderTrace(
      createTrace({ events: [{ message: "half of it" }, { message: { formatted: "b" } }] }),
      plain,
    );
    assert.ok(lines.includes("  Message: half of it"), lines.join("\n"));
    assert.ok(lines.includes('  Message: {"formatted":"b"}'), lines.join("\n"));
  });

  const long = "x".repeat(300);
  const hostile = "a\nb\r\t\u001b[31mred\u0007\u009b2J";
  for (const [title, text] of [
    ["long", long],
    ["hostile", hostile],
  ] as const) {
    it(`keeps ${title} text within 80 columns and on one line`, () => {
      const lines = renderTrace(
        createTrace({
          spans: [
            createSpan({
              id: "a",
              service: text,
              name: text,
              from: 0,
              to: 1,
              attributes: { "db.query.text": text },
            }),
            createSpan({
              id: "b",
              parent: "a",
              service: "other",
              name: text,
              kind: "CLIENT",
              from: 0,
              to: 1,
              attributes: { "url.full": text, "http.response.status_code": 200 },
            }),
          ],
          logs: [
            createLog({
              at: 0,
              level: text,
              body: text,
              service: text,
              attributes: { [text]: text },
            }),
          ],
          samples: [
            { service: text, line: `${text}{a="${text}",le="1"} 5 # {trace_id="x"} ${text}` },
          ],
          events: [createEvent(text, text, { transaction: text, release: text })],
        }),
        plain,
      );
      for (const line of lines) {
        assert.ok(line.length <= 80, `${line.length}: ${line}`);
        // oxlint-disable-next-line no-control-regex -- that there are none is the point
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
      }
    });
  }
});
