import assert from "node:assert/strict";
import { type Context, type SpanContext, SpanKind, trace } from "@opentelemetry/api";
import type { SamplerSpec, SamplingRule } from "../../../src/config/config.ts";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { TraceStateImpl } from "../../../src/traces/propagation/trace-state.ts";
import { createSampler } from "../../../src/traces/sampling/sampler.ts";
import { collectingProvider } from "../provider.ts";

/** Its last 56 bits are a randomness of 0.4. */
const TRACE_ID = "4bf92f3577b34da6a366666666666666";

function child(parent: Partial<SpanContext>, tracestate?: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: TRACE_ID,
    spanId: "00f067aa0ba902b7",
    traceFlags: 0,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: new TraceStateImpl(tracestate) }),
    ...parent,
  });
}

interface Asked {
  readonly context?: Context;
  readonly kind?: SpanKind;
  readonly attributes?: Parameters<ReturnType<typeof createSampler>["shouldSample"]>[4];
}

/** Returns the decision for a span, with the tracestate. */
function decide(
  spec: SamplerSpec,
  { context = ROOT_CONTEXT, kind = SpanKind.SERVER, attributes = {} }: Asked = {},
): string {
  const sampler = createSampler({ name: "parentbased_always_on", ratio: 1, spec });
  const result = sampler.shouldSample(context, TRACE_ID, "name", kind, attributes, []);
  return `${result.decision === 2 ? "yes" : "no"} ${result.traceState?.serialize() ?? ""}`.trim();
}

const on = { kind: "always_on" } as const;
const off = { kind: "always_off" } as const;

describe("A sampler by the kind of parent", () => {
  const base = {
    ...({ kind: "parent_based", root: off, remoteSampled: off, remoteNotSampled: off } as const),
    ...{ localSampled: off, localNotSampled: off },
  };
  const rows: readonly [key: Exclude<keyof typeof base, "kind">, context: Context][] = [
    ["root", ROOT_CONTEXT],
    ["remoteSampled", child({ traceFlags: 1 })],
    ["remoteNotSampled", child({ traceFlags: 0 })],
    ["localSampled", child({ traceFlags: 1, isRemote: false })],
    ["localNotSampled", child({ traceFlags: 0, isRemote: false })],
  ];
  for (const [key] of rows) {
    it(`asks ${key} for its parent only`, () => {
      const asked = rows.map(([, context]) => decide({ ...base, [key]: on }, { context }));
      assert.deepEqual(
        asked,
        rows.map(([other]) => (other === key ? "yes" : "no")),
      );
    });
  }
});

describe("A composite sampler", () => {
  const rule = (conditions: Partial<SamplingRule>): SamplingRule => ({
    ...{ values: undefined, patterns: undefined, kinds: undefined, parents: undefined },
    sampler: on,
    ...conditions,
  });
  const composite = (...rules: SamplingRule[]): SamplerSpec => ({
    kind: "composite",
    sampler: { kind: "rule_based", rules },
  });
  const threshold = (ratio: number): SamplerSpec => ({
    kind: "composite",
    sampler: { kind: "parent_threshold", root: { kind: "probability", ratio } },
  });
  const values = { key: "http.response.status_code", values: ["404", "500"] };
  const patterns = { key: "url.path", included: ["/internal/*"], excluded: ["*/special/?"] };
  const rows: readonly [title: string, spec: SamplerSpec, asked: Asked, expected: string][] = [
    ["always on", { kind: "composite", sampler: on }, {}, "yes ot=th:0"],
    ["always off", { kind: "composite", sampler: off }, {}, "no"],
    [
      "of a probability",
      { kind: "composite", sampler: { kind: "probability", ratio: 0.7 } },
      {},
      "yes ot=th:4ccd",
    ],
    [
      "of a lower probability",
      { kind: "composite", sampler: { kind: "probability", ratio: 0.5 } },
      {},
      "no",
    ],
    ["without a rule", composite(), {}, "no"],
    ["of the first rule", composite(rule({ sampler: off }), rule({})), {}, "no"],
    ["of a kind", composite(rule({ kinds: ["server"] })), {}, "yes ot=th:0"],
    ["of another kind", composite(rule({ kinds: ["client", "internal"] })), {}, "no"],
    ["of a root", composite(rule({ parents: ["none"] })), {}, "yes ot=th:0"],
    [
      "of a remote parent",
      composite(rule({ parents: ["remote"] })),
      { context: child({}) },
      "yes ot=th:0",
    ],
    ["of a local parent", composite(rule({ parents: ["local"] })), { context: child({}) }, "no"],
    [
      "of a value",
      composite(rule({ values })),
      { attributes: { "http.response.status_code": 404 } },
      "yes ot=th:0",
    ],
    [
      "of another value",
      composite(rule({ values })),
      { attributes: { "http.response.status_code": 200 } },
      "no",
    ],
    ["of a missing value", composite(rule({ values })), {}, "no"],
    [
      "of a pattern",
      composite(rule({ patterns })),
      { attributes: { "url.path": "/internal/a" } },
      "yes ot=th:0",
    ],
    [
      "of an excluded pattern",
      composite(rule({ patterns })),
      { attributes: { "url.path": "/internal/special/a" } },
      "no",
    ],
    [
      "of an item of a list",
      composite(rule({ patterns })),
      { attributes: { "url.path": ["/", "/internal/"] } },
      "yes ot=th:0",
    ],
    ["of all conditions", composite(rule({ values, kinds: ["server"] })), {}, "no"],
    [
      "of a parent's threshold",
      threshold(1),
      { context: child({ traceFlags: 1 }, "ot=th:4") },
      "yes ot=th:4",
    ],
    [
      "of a parent's threshold above the randomness",
      threshold(1),
      { context: child({ traceFlags: 1 }, "ot=th:8") },
      "no",
    ],
    ["of a parent's flag", threshold(0.1), { context: child({ traceFlags: 1 }) }, "yes"],
    ["of a parent that is not sampled", threshold(1), { context: child({ traceFlags: 0 }) }, "no"],
    ["of the root without a parent", threshold(0.7), {}, "yes ot=th:4ccd"],
  ];
  for (const [title, spec, asked, expected] of rows) {
    it(`decides ${title}`, () => assert.equal(decide(spec, asked), expected));
  }

  it("decides for real spans, and propagates its threshold to their children", () => {
    const spec = composite(rule({ kinds: ["client"], sampler: off }), rule({}));
    const sampler = createSampler({ name: "parentbased_always_on", ratio: 1, spec });
    const { provider, exported } = collectingProvider({ sampler, tailSamples: false });
    const tracer = provider.getTracer("app");
    const root = tracer.startSpan("root", { kind: SpanKind.SERVER });
    const inRoot = trace.setSpan(ROOT_CONTEXT, root);
    tracer.startSpan("dropped", { kind: SpanKind.CLIENT }, inRoot).end();
    tracer.startSpan("kept", {}, inRoot).end();
    root.end();
    assert.deepEqual(exported.map(({ name }) => name).toSorted(), ["kept", "root"]);
    assert.equal(root.spanContext().traceState?.get("ot"), "th:0");
  });
});
