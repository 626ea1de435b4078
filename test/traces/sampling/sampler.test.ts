import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Context, type SpanContext, trace } from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import type { SamplerName } from "../../../src/config/config.ts";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { deferDecision } from "../../../src/traces/sampling/deferred.ts";
import { TraceStateImpl } from "../../../src/traces/propagation/trace-state.ts";
import {
  createSampler,
  headProbability,
  probabilityOf,
} from "../../../src/traces/sampling/sampler.ts";
import { collectingProvider } from "../provider.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";
const NO = 0;
const YES = 2;

function decide(
  sampler: Sampler,
  context: Context = ROOT_CONTEXT,
  traceId = TRACE_ID,
): SamplingResult {
  return sampler.shouldSample(context, traceId, "name", 0, {}, []);
}

function child(parent: Partial<SpanContext>, tracestate?: string): Context {
  const traceState = tracestate === undefined ? {} : { traceState: new TraceStateImpl(tracestate) };
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceFlags: 0,
    isRemote: true,
    ...traceState,
    ...parent,
  });
}

/** Pseudo-random ids, the same in every run. */
const ids = Array.from({ length: 20_000 }, (_, n) =>
  createHash("md5").update(String(n)).digest("hex"),
);

/** Returns a trace id with these last 56 bits. */
function idEnding(digits: string): string {
  return `${"a".repeat(18)}${digits}`;
}

describe("A sampler by name", () => {
  const rows: [
    name: SamplerName,
    root: number,
    ofSampled: number,
    ofUnsampled: number,
    text: string,
  ][] = [
    ["always_on", YES, YES, YES, "AlwaysOnSampler"],
    ["always_off", NO, NO, NO, "AlwaysOffSampler"],
    ["traceidratio", NO, NO, NO, "TraceIdRatioBased{0}"],
    ["parentbased_always_on", YES, YES, NO, "ParentBased{root=AlwaysOnSampler}"],
    ["parentbased_always_off", NO, YES, NO, "ParentBased{root=AlwaysOffSampler}"],
    ["parentbased_traceidratio", NO, YES, NO, "ParentBased{root=TraceIdRatioBased{0}}"],
  ];
  for (const [name, root, ofSampled, ofUnsampled, text] of rows) {
    const sampler = createSampler({ name, ratio: 0 });
    it(`decides as ${name}`, () => {
      assert.equal(decide(sampler).decision, root);
      for (const isRemote of [true, false]) {
        assert.equal(decide(sampler, child({ traceFlags: 1, isRemote })).decision, ofSampled);
        assert.equal(decide(sampler, child({ traceFlags: 3, isRemote })).decision, ofSampled);
        assert.equal(decide(sampler, child({ traceFlags: 0, isRemote })).decision, ofUnsampled);
        assert.equal(decide(sampler, child({ traceFlags: 2, isRemote })).decision, ofUnsampled);
      }
    });

    it(`describes itself as ${text}`, () => {
      assert.equal(String(sampler), text);
    });
  }

  it("treats a span with another trace id as a root", () => {
    const sampler = createSampler({ name: "parentbased_always_on", ratio: 1 });
    assert.equal(decide(sampler, child({ traceFlags: 0 }), "f".repeat(32)).decision, YES);
  });

  it("returns the same object, without an allocation, on the paths of every span", () => {
    const on = createSampler({ name: "parentbased_always_on", ratio: 1 });
    const ratio = createSampler({ name: "parentbased_traceidratio", ratio: 0.5 });
    const same: [Sampler, Context, string][] = [
      [on, ROOT_CONTEXT, TRACE_ID],
      [on, child({ traceFlags: 1 }), TRACE_ID],
      [on, child({ traceFlags: 0, isRemote: false }), TRACE_ID],
      [on, child({ traceFlags: 1 }, "foo=1"), TRACE_ID],
      [ratio, ROOT_CONTEXT, idEnding("f".repeat(14))],
      [ratio, ROOT_CONTEXT, idEnding("0".repeat(14))],
    ];
    for (const [sampler, context, id] of same) {
      const result = decide(sampler, context, id);
      assert.equal(decide(sampler, context, id), result);
      assert.ok(Object.isFrozen(result));
    }
  });
});

describe("A ratio", () => {
  // The table of the specification, at its recommended precision of four digits.
  const rows: [ratio: number, th: string][] = [
    [1, "0"],
    [1 / 2, "8"],
    [1 / 3, "aaab"],
    [1 / 4, "c"],
    [1 / 5, "cccd"],
    [1 / 8, "e"],
    [1 / 10, "e666"],
    [1 / 16, "f"],
    [1 / 100, "fd70a"],
    [1 / 1000, "ffbe77"],
    [1 / 10_000, "fff9724"],
    [1 / 100_000, "ffff583a"],
    [1 / 1_000_000, "ffffef39"],
    [2 ** -56, "ffffffffffffff"],
    [1 - 2 ** -53, "0"],
  ];
  for (const [ratio, th] of rows) {
    it(`of ${ratio} records the threshold ${th}`, () => {
      const result = decide(
        createSampler({ name: "traceidratio", ratio }),
        ROOT_CONTEXT,
        idEnding("f".repeat(14)),
      );
      assert.equal(result.decision, YES);
      assert.equal(result.traceState?.serialize(), `ot=th:${th}`);
      const probability = probabilityOf(result.traceState) ?? 0;
      assert.ok(Math.abs(probability / ratio - 1) < 0.001, String(probability));
    });
  }

  for (const ratio of [0, -1, NaN, 1e-17, -Infinity]) {
    it(`of ${ratio} keeps nothing`, () => {
      const sampler = createSampler({ name: "traceidratio", ratio });
      assert.equal(
        decide(sampler, ROOT_CONTEXT, idEnding("f".repeat(14))),
        decide(createSampler({ name: "always_off", ratio })),
      );
    });
  }

  for (const ratio of [1, 2, Infinity]) {
    it(`of ${ratio} keeps everything`, () => {
      assert.equal(
        decide(
          createSampler({ name: "traceidratio", ratio }),
          ROOT_CONTEXT,
          idEnding("0".repeat(14)),
        ).decision,
        YES,
      );
    });
  }

  const edges: [ratio: number, digits: string, decision: number][] = [
    [0.5, "80000000000000", YES],
    [0.5, "7fffffffffffff", NO],
    [0.25, "c0000000000000", YES],
    [0.25, "bfffffffffffff", NO],
    [0.1, "e6660000000000", YES],
    [0.1, "e665ffffffffff", NO],
    [0.01, "fd70a000000000", YES],
    [0.01, "fd709fffffffff", NO],
    [2 ** -56, "ffffffffffffff", YES],
    [2 ** -56, "fffffffffffffe", NO],
  ];
  for (const [ratio, digits, decision] of edges) {
    it(`of ${ratio} ${decision === YES ? "keeps" : "drops"} a trace that ends in ${digits}`, () => {
      const sampler = createSampler({ name: "traceidratio", ratio });
      assert.equal(decide(sampler, ROOT_CONTEXT, idEnding(digits)).decision, decision);
      assert.equal(
        decide(sampler, ROOT_CONTEXT, idEnding(digits).toUpperCase()).decision,
        decision,
      );
    });
  }

  it("compares the last 56 bits only", () => {
    const sampler = createSampler({ name: "traceidratio", ratio: 0.5 });
    for (const start of ["0".repeat(17) + "1", "f".repeat(18)]) {
      assert.equal(decide(sampler, ROOT_CONTEXT, `${start}${"8".padEnd(14, "0")}`).decision, YES);
      assert.equal(decide(sampler, ROOT_CONTEXT, `${start}${"7".padEnd(14, "f")}`).decision, NO);
    }
  });

  it("keeps its ratio of all traces", () => {
    for (const ratio of [0.01, 0.1, 0.25, 0.5, 0.9]) {
      const sampler = createSampler({ name: "traceidratio", ratio });
      const kept = ids.filter((id) => decide(sampler, ROOT_CONTEXT, id).decision === YES).length;
      const deviation = Math.sqrt(ids.length * ratio * (1 - ratio));
      assert.ok(Math.abs(kept - ids.length * ratio) < 4 * deviation, `${kept} at ${ratio}`);
    }
  });

  it("keeps the traces of every smaller ratio", () => {
    const ratios = [0.001, 0.01, 0.1, 1 / 3, 0.5, 0.99, 1];
    const samplers = ratios.map((ratio) => createSampler({ name: "traceidratio", ratio }));
    for (const id of ids) {
      const decisions = samplers.map((sampler) => decide(sampler, ROOT_CONTEXT, id).decision);
      assert.deepEqual(
        decisions,
        decisions.toSorted((a, b) => a - b),
        id,
      );
    }
  });
});

describe("The tracestate of a sampled trace", () => {
  const half = createSampler({ name: "traceidratio", ratio: 0.5 });
  const keptId = idEnding("f".repeat(14));
  const droppedId = idEnding("0".repeat(14));

  const rows: [title: string, state: string, id: string, decision: number, sent: string][] = [
    ["gets the threshold in front", "foo=1", keptId, YES, "ot=th:8,foo=1"],
    ["gets another threshold replaced", "foo=1,ot=th:c", keptId, YES, "ot=th:8,foo=1"],
    ["keeps the same threshold where it is", "foo=1,ot=th:8", keptId, YES, "foo=1,ot=th:8"],
    ["keeps the other sub-keys", "ot=a:1;th:c;b:2", keptId, YES, "ot=th:8;a:1;b:2"],
    ["loses a malformed threshold with the trace", "ot=th:x,foo=1", droppedId, NO, "foo=1"],
    ["loses the threshold with the trace", "foo=1,ot=th:c", droppedId, NO, "foo=1"],
    [
      "gets no threshold that does not fit",
      `ot=a:${"1".repeat(254)}`,
      keptId,
      YES,
      `ot=a:${"1".repeat(254)}`,
    ],
    ["keeps the other sub-keys of a dropped trace", "ot=th:c;a:1", droppedId, NO, "ot=a:1"],
    ["is unchanged without a threshold, for a dropped trace", "foo=1", droppedId, NO, "foo=1"],
    [
      "decides by its own randomness: kept",
      "ot=rv:80000000000000",
      droppedId,
      YES,
      "ot=th:8;rv:80000000000000",
    ],
    [
      "decides by its own randomness: dropped",
      "ot=rv:7fffffffffffff",
      keptId,
      NO,
      "ot=rv:7fffffffffffff",
    ],
    ["is not used for randomness that is too short", "ot=rv:8", droppedId, NO, "ot=rv:8"],
    [
      "is not used for randomness that isn't hexadecimal",
      "ot=rv:8000000000000g",
      droppedId,
      NO,
      "ot=rv:8000000000000g",
    ],
  ];
  for (const [title, state, id, decision, sent] of rows) {
    it(title, () => {
      const result = decide(half, child({ traceId: id, traceFlags: 1 }, state), id);
      assert.equal(result.decision, decision);
      assert.equal(result.traceState?.serialize(), sent);
    });
  }

  it("is also set on a third-party tracestate", () => {
    const thirdParty = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: keptId,
      spanId: SPAN_ID,
      traceFlags: 1,
      traceState: {
        get: () => "th:c",
        set: (_, value) => new TraceStateImpl(`ot=${value}`),
        unset: () => new TraceStateImpl(""),
        serialize: () => "ot=th:c",
      },
    });
    assert.equal(decide(half, thirdParty, keptId).traceState?.serialize(), "ot=th:8");
  });
});

describe("A parent's threshold", () => {
  const sampler = createSampler({ name: "parentbased_always_on", ratio: 1 });
  const id = idEnding("e".repeat(14));
  const rows: [title: string, flags: number, state: string, sent: string | undefined][] = [
    ["is kept if it matches the sampled flag", 1, "ot=th:c,foo=1", undefined],
    ["is removed if the trace doesn't reach it", 1, "ot=th:f,foo=1", "foo=1"],
    [
      "is removed if the randomness doesn't reach it",
      1,
      "ot=th:c;rv:00000000000000",
      "ot=rv:00000000000000",
    ],
    ["is removed if the trace isn't sampled", 0, "ot=th:c", ""],
    ["is removed if it is malformed", 1, "ot=th:xyz,foo=1", "foo=1"],
    ["is removed if it is too long", 1, "ot=th:123456789012345;a:1", "ot=a:1"],
    ["is absent if the tracestate has no ot", 1, "foo=1", undefined],
  ];
  for (const [title, traceFlags, state, sent] of rows) {
    it(title, () => {
      const result = decide(sampler, child({ traceId: id, traceFlags }, state), id);
      assert.equal(result.decision, traceFlags === 1 ? YES : NO);
      assert.equal(result.traceState?.serialize(), sent);
    });
  }
});

describe("The probability of a trace", () => {
  const rows: [state: string | undefined, probability: number | undefined][] = [
    [undefined, undefined],
    ["foo=1", undefined],
    ["ot=th:0", 1],
    ["ot=th:8", 0.5],
    ["ot=th:c", 0.25],
    ["ot=rv:12345678901234;th:e", 0.125],
    ["ot=th:ffffffffffffff", 2 ** -56],
    ["ot=th:", undefined],
    ["ot=th:g", undefined],
    ["ot=th:C", 0.25],
    ["ot=th:000000000000000", undefined],
    ["ot=xth:8", undefined],
  ];
  for (const [state, probability] of rows) {
    it(`is ${probability ?? "unknown"} by ${state ?? "no tracestate"}`, () => {
      assert.equal(
        probabilityOf(state === undefined ? undefined : new TraceStateImpl(state)),
        probability,
      );
    });
  }
});

describe("The probability of head sampling", () => {
  const decided: SpanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 0 };
  const deferred: SpanContext = { ...decided };
  deferDecision(deferred);
  /** Without a parent, after the decision of one, and after one that has left it open. */
  const rows: [name: SamplerName, ...(number | undefined)[]][] = [
    ["always_on", 1, 1, 1],
    ["always_off", 0, 0, 0],
    ["traceidratio", 0.25, 0.25, 0.25],
    ["parentbased_always_on", 1, undefined, 1],
    ["parentbased_always_off", 0, undefined, 0],
    ["parentbased_traceidratio", 0.25, undefined, 0.25],
  ];
  for (const [name, ...expected] of rows) {
    it(`is that of ${name}, unless a caller has decided`, () => {
      const found = [undefined, decided, deferred].map(headProbability({ name, ratio: 0.25 }));
      assert.deepEqual(found, expected);
    });
  }
});

describe("The probability of a trace that a sampler drops", () => {
  for (const ratio of [0, 0.001, 0.1, 1 / 3, 0.9999]) {
    it(`is the same as of one that it keeps, at a ratio of ${ratio}`, () => {
      const config = { name: "traceidratio", ratio } as const;
      const sampler = createSampler(config);
      const states = ids.map((id) => decide(sampler, ROOT_CONTEXT, id).traceState);
      const kept = probabilityOf(states.find((state) => state !== undefined)) ?? 0;
      assert.equal(headProbability(config)(undefined), kept);
    });
  }
});

describe("A trace of the tracer", () => {
  it("propagates its threshold from the root to the last child", () => {
    const sampler = createSampler({ name: "parentbased_traceidratio", ratio: 0.5 });
    const tracer = collectingProvider({ sampler }).provider.getTracer("test");
    const roots = Array.from({ length: 50 }, () => tracer.startSpan("root", {}, ROOT_CONTEXT));
    for (const root of roots) {
      const inner = tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, root)).spanContext();
      const isKept = (root.spanContext().traceFlags & 1) === 1;
      assert.equal(inner.traceFlags, root.spanContext().traceFlags);
      assert.equal(inner.traceState?.serialize(), isKept ? "ot=th:8" : undefined);
      assert.equal(isKept, inner.traceId.slice(18) >= "8");
    }
  });
});
