import assert from "node:assert/strict";
import { type Context, propagation, trace } from "@opentelemetry/api";
import type { PropagatorName } from "../../../src/config/config.ts";
import { ROOT_CONTEXT, suppressTracing } from "../../../src/context/context.ts";
import {
  createPropagator,
  CompositePropagator,
} from "../../../src/traces/propagation/propagator.ts";
import { NonRecordingSpan } from "../../../src/traces/non-recording-span.ts";
import {
  contextWith,
  injectedHeaders,
  parentSpanContext,
  setter,
  CALLER_SPAN_ID,
  CALLER_TRACE_ID,
  TRACEPARENT,
} from "./headers.ts";

const names: PropagatorName[] = [
  "tracecontext",
  "baggage",
  "b3",
  "b3multi",
  "jaeger",
  "xray",
  "sentry",
];
const all = createPropagator(names, { sentry: false });

const SHORT_ID = CALLER_TRACE_ID.slice(16);
const XRAY_ID = `1-${CALLER_TRACE_ID.slice(0, 8)}-${CALLER_TRACE_ID.slice(8)}`;

function sampledWithBaggage(): Context {
  const parent = createPropagator(["tracecontext", "baggage"], { sentry: false });
  return parent.extractHeaders(ROOT_CONTEXT, {
    traceparent: TRACEPARENT,
    tracestate: "foo=1",
    baggage: "user=a%20b",
  });
}

describe("A propagator by name", () => {
  const written: [name: PropagatorName, headers: Record<string, string>][] = [
    ["tracecontext", { traceparent: TRACEPARENT, tracestate: "foo=1" }],
    ["baggage", { baggage: "user=a%20b" }],
    ["b3", { b3: `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-1` }],
    [
      "b3multi",
      { "x-b3-traceid": CALLER_TRACE_ID, "x-b3-spanid": CALLER_SPAN_ID, "x-b3-sampled": "1" },
    ],
    [
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}:${CALLER_SPAN_ID}:0:01`, "uberctx-user": "a%20b" },
    ],
    ["xray", { "x-amzn-trace-id": `Root=${XRAY_ID};Parent=${CALLER_SPAN_ID};Sampled=1` }],
    ["sentry", { "sentry-trace": `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-1` }],
  ];
  for (const [name, headers] of written) {
    it(`injects the headers of ${name}`, () => {
      const propagator = createPropagator([name], { sentry: false });
      assert.deepEqual(injectedHeaders(sampledWithBaggage(), propagator), headers);
    });

    it(`extracts the headers that ${name} injected`, () => {
      const propagator = createPropagator([name], { sentry: false });
      const context = propagator.extractHeaders(ROOT_CONTEXT, headers);
      if (name === "baggage") {
        assert.equal(propagation.getBaggage(context)?.getEntry("user")?.value, "a b");
        return;
      }
      const { traceState, ...parent } = parentSpanContext(context) ?? {};
      assert.deepEqual(parent, {
        traceId: CALLER_TRACE_ID,
        spanId: CALLER_SPAN_ID,
        traceFlags: 1,
        isRemote: true,
      });
      assert.equal(traceState?.serialize(), headers["tracestate"]);
    });

    it(`lists each header that ${name} extracts`, () => {
      const propagator = createPropagator([name], { sentry: false });
      for (const header of Object.keys(headers).filter((key) => !key.startsWith("uberctx-"))) {
        assert.ok(propagator.extractFields().includes(header), header);
      }
    });
  }

  const read: [
    title: string,
    name: PropagatorName,
    headers: Record<string, string>,
    found?: object,
  ][] = [
    [
      "b3 in separate headers",
      "b3",
      { "x-b3-traceid": CALLER_TRACE_ID, "x-b3-spanid": CALLER_SPAN_ID, "x-b3-sampled": "1" },
      {},
    ],
    ["the single header of b3", "b3multi", { b3: `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-1` }, {}],
    [
      "b3 with a trace id of 64 bits",
      "b3",
      { b3: `${SHORT_ID}-${CALLER_SPAN_ID}-0` },
      { traceId: `${"0".repeat(16)}${SHORT_ID}`, traceFlags: 0 },
    ],
    ["b3 for debugging", "b3", { b3: `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-d` }, {}],
    [
      "b3 in separate headers, in upper case",
      "b3multi",
      {
        "x-b3-traceid": CALLER_TRACE_ID.toUpperCase(),
        "x-b3-spanid": CALLER_SPAN_ID.toUpperCase(),
        "x-b3-sampled": "TRUE",
      },
      {},
    ],
    [
      "the single header of b3 in upper case",
      "b3",
      { b3: `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-D`.toUpperCase() },
      {},
    ],
    ["b3 with a negative decision only", "b3", { b3: "0" }],
    ["an overlong b3", "b3", { b3: `${"a".repeat(1_000_000)}-${CALLER_SPAN_ID}-1` }],
    [
      "jaeger escaped",
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}%3A${CALLER_SPAN_ID}%3A0%3A1` },
      {},
    ],
    [
      "jaeger without leading zeros",
      "jaeger",
      { "uber-trace-id": "a:b:0:3" },
      { traceId: "a".padStart(32, "0"), spanId: "b".padStart(16, "0") },
    ],
    [
      "jaeger not sampled",
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}:${CALLER_SPAN_ID}:0:0` },
      { traceFlags: 0 },
    ],
    [
      "jaeger with a parent",
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}:${CALLER_SPAN_ID}:${CALLER_SPAN_ID}:1` },
      {},
    ],
    [
      "jaeger in upper case",
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}:${CALLER_SPAN_ID}:0:1`.toUpperCase() },
      {},
    ],
    ["jaeger malformed (CVE-2026-59892)", "jaeger", { "uber-trace-id": "%" }],
    [
      "jaeger malformed in an escape (CVE-2026-59892)",
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}%E0%A4%A:${CALLER_SPAN_ID}:0:1` },
    ],
    [
      "jaeger with a part missing",
      "jaeger",
      { "uber-trace-id": `${CALLER_TRACE_ID}:${CALLER_SPAN_ID}:0` },
    ],
    ["jaeger all zero", "jaeger", { "uber-trace-id": `0:${CALLER_SPAN_ID}:0:1` }],
    [
      "jaeger with a long trace id",
      "jaeger",
      { "uber-trace-id": `a${CALLER_TRACE_ID}:${CALLER_SPAN_ID}:0:1` },
    ],
    ["xray without a parent", "xray", { "x-amzn-trace-id": `Root=${XRAY_ID};Sampled=1` }],
    [
      "xray with more fields",
      "xray",
      {
        "x-amzn-trace-id": `Self=1-2-3;Root=${XRAY_ID};Parent=${CALLER_SPAN_ID};Sampled=0;Lineage=a:1`,
      },
      { traceFlags: 0 },
    ],
    [
      "xray all zero",
      "xray",
      {
        "x-amzn-trace-id": `Root=1-${"0".repeat(8)}-${"0".repeat(24)};Parent=${CALLER_SPAN_ID};Sampled=1`,
      },
    ],
    ["an overlong xray", "xray", { "x-amzn-trace-id": ";=".repeat(500_000) }],
  ];
  for (const [title, name, headers, found] of read) {
    it(`${found === undefined ? "ignores" : "extracts"} ${title}`, () => {
      const context = createPropagator([name], { sentry: false }).extractHeaders(
        ROOT_CONTEXT,
        headers,
      );
      assert.deepEqual(
        parentSpanContext(context),
        found && {
          traceId: CALLER_TRACE_ID,
          spanId: CALLER_SPAN_ID,
          traceFlags: 1,
          isRemote: true,
          ...found,
        },
      );
    });
  }

  it("ignores missing headers of Jaeger's baggage", () => {
    const jaeger = createPropagator(["jaeger"], { sentry: false });
    const headers = { "uberctx-a": undefined, "uberctx-b": "", "uberctx-c": "1" };
    assert.deepEqual(
      propagation
        .getBaggage(jaeger.extractHeaders(ROOT_CONTEXT, headers))
        ?.getAllEntries()
        .map(([key, { value }]) => [key, value]),
      [
        ["b", ""],
        ["c", "1"],
      ],
    );
  });

  it("adds Jaeger's baggage to W3C baggage, within the same limits", () => {
    const both = createPropagator(["baggage", "jaeger"], { sentry: false });
    const headers: Record<string, string> = {
      baggage: "a=1",
      "uberctx-b": "%202",
      "uberctx-c": "%",
    };
    const baggage = propagation.getBaggage(both.extractHeaders(ROOT_CONTEXT, headers));
    assert.deepEqual(
      baggage?.getAllEntries().map(([key, { value }]) => [key, value]),
      [
        ["a", "1"],
        ["b", " 2"],
      ],
    );
    for (let n = 0; n < 1000; n++) headers[`uberctx-k${n}`] = "v";
    const many = propagation.getBaggage(both.extractHeaders(ROOT_CONTEXT, headers));
    assert.ok((many?.getAllEntries().length ?? 0) <= 65);
  });
});

describe("Several propagators", () => {
  const other = "f".repeat(32);
  const b3 = `${other}-${CALLER_SPAN_ID}-1`;

  it("extract in the order of their names: the last parent is used", () => {
    const headers = { traceparent: TRACEPARENT, b3 };
    const last = createPropagator(["tracecontext", "b3"], { sentry: false });
    const first = createPropagator(["b3", "tracecontext"], { sentry: false });
    assert.equal(parentSpanContext(last.extractHeaders(ROOT_CONTEXT, headers))?.traceId, other);
    assert.equal(
      parentSpanContext(first.extractHeaders(ROOT_CONTEXT, headers))?.traceId,
      CALLER_TRACE_ID,
    );
  });

  it("keep the parent that another extracted", () => {
    const both = createPropagator(["b3", "tracecontext"], { sentry: false });
    assert.equal(
      parentSpanContext(both.extractHeaders(ROOT_CONTEXT, { b3, traceparent: "00-bad" }))?.traceId,
      other,
    );
  });

  it("list every header that they inject", () => {
    assert.deepEqual(createPropagator(["tracecontext", "baggage"], { sentry: true }).fields(), [
      "traceparent",
      "tracestate",
      "baggage",
    ]);
  });

  it("inject nothing without a span", () => {
    assert.deepEqual(injectedHeaders(ROOT_CONTEXT, all), {});
  });

  it("inject nothing for an invalid span", () => {
    assert.deepEqual(
      injectedHeaders(
        trace.setSpanContext(ROOT_CONTEXT, { traceId: "", spanId: "", traceFlags: 0 }),
        all,
      ),
      {},
    );
    assert.deepEqual(injectedHeaders(contextWith({ traceId: "0".repeat(32) }), all), {});
    assert.deepEqual(injectedHeaders(contextWith({ traceId: "x".repeat(32) }), all), {});
  });

  it("inject nothing while tracing is suppressed", () => {
    assert.deepEqual(injectedHeaders(suppressTracing(contextWith({})), all), {});
  });

  it("do nothing for an empty list of names", () => {
    const none = createPropagator([], { sentry: false });
    assert.deepEqual(injectedHeaders(contextWith({}), none), {});
    assert.equal(none.extractHeaders(ROOT_CONTEXT, { traceparent: TRACEPARENT }), ROOT_CONTEXT);
    assert.deepEqual([none.fields(), none.extractFields()], [[], []]);
  });
});

describe("A hostile carrier", () => {
  const evil = new Error("evil");
  function fail(): never {
    throw evil;
  }
  const getters = [
    { get: fail, keys: fail },
    { get: () => null as never, keys: () => null as never },
    { get: () => 42 as never, keys: () => [42] as never },
    { get: () => [] as string[], keys: () => [] },
    { get: () => [null, {}] as never, keys: () => ["uberctx-a"] },
    { get: () => Object.create(null) as never, keys: () => ["x-amzn-trace-id"] },
    { get: () => "\u0000", keys: () => ["X-Amzn-Trace-Id", "uberctx-"] },
    { get: () => "a".repeat(1_000_000), keys: () => ["x-amzn-trace-id", "uberctx-a"] },
    { get: () => "%".repeat(1000), keys: () => ["x-amzn-trace-id", "uberctx-a"] },
  ];
  for (const [at, getter] of getters.entries()) {
    it(`causes no exception and no parent (${at})`, () => {
      assert.equal(parentSpanContext(all.extract(ROOT_CONTEXT, undefined, getter)), undefined);
    });
  }

  it("loses only the headers that it rejects", () => {
    const headers: Record<string, string> = {};
    const picky = {
      set: (carrier: unknown, key: string, value: string) => {
        if (key === "traceparent") fail();
        setter.set(carrier, key, value);
      },
    };
    assert.doesNotThrow(() => all.inject(contextWith({}), headers, picky));
    assert.equal(headers["b3"], `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-1`);
  });

  it("may have a span that throws", () => {
    const span = new NonRecordingSpan({
      traceId: CALLER_TRACE_ID,
      spanId: CALLER_SPAN_ID,
      traceFlags: 1,
    });
    span.spanContext = fail;
    assert.deepEqual(injectedHeaders(ROOT_CONTEXT.withSpan(span), all), {});
  });

  it("disables only the propagator that fails", () => {
    const broken = { inject: fail, extract: fail, fields: () => [] };
    const [good] = [createPropagator(["tracecontext"], { sentry: false })];
    const both = new CompositePropagator([broken, good]);
    assert.equal(
      parentSpanContext(both.extractHeaders(ROOT_CONTEXT, { traceparent: TRACEPARENT }))?.traceId,
      CALLER_TRACE_ID,
    );
    assert.deepEqual(injectedHeaders(contextWith({}), both), { traceparent: TRACEPARENT });
  });
});
