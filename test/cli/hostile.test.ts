import assert from "node:assert/strict";
import { renderTrace, type CollectedTrace } from "../../src/cli/demo/render-trace.ts";
import { createEvent, createLog, createSpan, createTrace } from "./demo/trace-fixture.ts";

/** The demo renders whatever a service sends. */
const steering =
  "\u001b[31m\u009b\u0007\u202e\u2066\u200b\u200d\ufeff\u2028\u00ad\u061c\u{e0041}\ufe0f\u3164";
const own = { id: "a", name: "x", from: 0, to: 10 } as const;

const chain = Array.from({ length: 500 }, (_, at) =>
  createSpan({ ...own, id: `s${at}`, parent: at === 0 ? "" : `s${at - 1}` }),
);
const twins = Array.from({ length: 60 }, (_, at) =>
  createSpan({ ...own, id: `s${at >> 1}`, parent: at < 2 ? "" : `s${(at >> 1) - 1}` }),
);
let deep: unknown = 0;
for (let depth = 0; depth < 100_000; depth++) deep = [deep];

const rows: readonly (readonly [title: string, trace: CollectedTrace])[] = [
  [
    "control characters everywhere",
    {
      ...createTrace({
        spans: [
          createSpan({
            ...own,
            name: steering,
            service: `shop${steering}`,
            attributes: {
              "db.query.text": steering,
              "http.response.status_code": steering,
              "url.full": steering,
            },
          }),
        ],
        logs: [
          createLog({
            at: 0,
            level: steering,
            body: steering,
            attributes: { [steering]: steering },
          }),
        ],
        events: [{ ...createEvent(steering, steering), transaction: steering }],
      }),
      traceId: steering + "x".repeat(1000),
      samples: [
        { service: steering, line: `h{a="${steering}"} 1 # {trace_id="${steering}"} 0.1 1` },
      ],
    },
  ],
  ["a trace of 500 calls, each in the other", createTrace({ spans: chain })],
  ["two spans of each id", createTrace({ spans: twins })],
  ["a span that is its own parent", createTrace({ spans: [createSpan({ ...own, parent: "a" })] })],
  [
    "spans that are each other's parents",
    createTrace({
      spans: [
        createSpan({ ...own, id: "a", parent: "b" }),
        createSpan({ ...own, id: "b", parent: "a" }),
      ],
    }),
  ],
  [
    "spans without an id",
    createTrace({
      spans: [createSpan({ ...own, id: "" }), createSpan({ ...own, id: "", parent: "" })],
    }),
  ],
  [
    "a span that ends before it begins",
    createTrace({ spans: [createSpan({ ...own, from: 1000, to: 0 })] }),
  ],
  ["a span of a thousand years", createTrace({ spans: [createSpan({ ...own, to: 3e16 })] })],
  [
    "values nested beyond the stack",
    createTrace({
      spans: [createSpan({ ...own, attributes: { "db.query.text": deep as string } })],
    }),
  ],
  [
    "a log line of the latest time there is",
    createTrace({
      logs: [{ ...createLog({ at: 0, level: "info", body: "x" }), timeUnixNano: "9".repeat(20) }],
    }),
  ],
  [
    "a log line of no time",
    createTrace({
      logs: [{ ...createLog({ at: 0, level: "info", body: "x" }), timeUnixNano: "" }],
    }),
  ],
  [
    "events that are none",
    createTrace({
      events: [
        {},
        { exception: 1 },
        { exception: { values: "x" } },
        {
          exception: {
            values: [null, { type: { toString: 1 }, value: {}, stacktrace: { frames: [null, 1] } }],
          },
        },
        { contexts: 7 },
      ] as unknown as CollectedTrace["events"],
    }),
  ],
  [
    "100 KB of digits in a sample",
    { ...createTrace({}), samples: [{ service: "shop", line: "1".repeat(100_000) }] },
  ],
  [
    "100 KB of spaces in a sample",
    { ...createTrace({}), samples: [{ service: "shop", line: " 1".repeat(50_000) }] },
  ],
  [
    "100 KB of labels that don't end",
    { ...createTrace({}), samples: [{ service: "shop", line: `h{${',a="'.repeat(25_000)}` }] },
  ],
];

describe("A rendered trace", () => {
  for (const [title, trace] of rows) {
    it(`of ${title} is quickly rendered within its width`, () => {
      const began = process.cpuUsage();
      const lines = renderTrace(trace, (_style, text) => text);
      const { user } = process.cpuUsage(began);
      assert.ok(lines.length > 0);
      for (const line of lines) {
        assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u);
      }
      assert.ok(user < 1_000_000, `${user / 1000} ms`);
    });
  }
});
