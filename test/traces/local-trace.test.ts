import assert from "node:assert/strict";
import { type SpanContext, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { AlwaysOffSampler, AlwaysOnSampler } from "../../src/traces/sampling/constant.ts";
import { NonRecordingSpan } from "../../src/traces/non-recording-span.ts";
import { ParentBasedSampler } from "../../src/traces/sampling/parent-based.ts";
import { TraceIdRatioBasedSampler } from "../../src/traces/sampling/trace-id-ratio.ts";
import type { TelltaleSpan } from "../../src/traces/span.ts";
import { Random, testSeed } from "../random.ts";
import { collectingProvider } from "./provider.ts";

const unsampled = { sampler: new ParentBasedSampler(new AlwaysOffSampler()) };

describe("A local trace", () => {
  it("exports each span as it ends if head sampling keeps it", () => {
    const { provider, exported } = collectingProvider({ sampler: new AlwaysOnSampler() });
    const { root, child } = pair(provider);
    child.end();
    assert.deepEqual(names(exported), ["child"]);
    root.end();
    assert.deepEqual(names(exported), ["child", "root"]);
  });

  it("exports nothing if head sampling drops it and nothing keeps it", () => {
    const { provider, exported, counters, tailBuffer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    child.end();
    root.end();
    assert.equal(tailBuffer.used, 1);
    assert.deepEqual(counters, { created: 2, unsampled: 0, buffer_full: 0 });
    tailBuffer.close();
    assert.equal(tailBuffer.used, 0);
    assert.deepEqual(exported, []);
    assert.deepEqual(counters, { created: 2, unsampled: 2, buffer_full: 0 });
  });

  it("exports all spans, also earlier ones, when a span ends in error", () => {
    const { provider, exported, tailBuffer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    const second = provider.getTracer("t").startSpan("second", {}, ROOT_CONTEXT.withSpan(root));
    second.end();
    child.setStatus({ code: SpanStatusCode.ERROR }).end();
    assert.deepEqual(names(exported), ["second", "child"]);
    assert.equal(tailBuffer.used, 0);
    root.end();
    assert.deepEqual(names(exported), ["second", "child", "root"]);
    assert.equal(root.attributes["telltale.sampling.reason"], "span_error");
  });

  it("exports all spans when an error is captured after the root ended", () => {
    const { provider, exported, counters, tailBuffer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    child.end();
    root.end();
    assert.deepEqual(exported, []);
    root.keepTrace("error_captured");
    root.keepTrace("error_captured");
    assert.deepEqual(names(exported).toSorted(), ["child", "root"]);
    tailBuffer.close();
    assert.deepEqual(counters, { created: 2, unsampled: 0, buffer_full: 0 });
    assert.equal(root.attributes["telltale.sampling.reason"], "error_captured");
  });

  it("exports a child that ends after its root, if the trace is kept", () => {
    const { provider, exported } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    root.setStatus({ code: SpanStatusCode.ERROR }).end();
    child.end();
    assert.deepEqual(names(exported), ["root", "child"]);
  });

  it("exports a child that ended after the root when an error keeps it", () => {
    const { provider, exported, counters, tailBuffer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    root.end();
    child.end();
    root.localTrace.keep("error_captured");
    tailBuffer.close();
    assert.deepEqual(names(exported).toSorted(), ["child", "root"]);
    assert.deepEqual(counters, { created: 2, unsampled: 0, buffer_full: 0 });
  });

  it("is kept if its root is slow", () => {
    const { provider, exported } = collectingProvider({ ...unsampled, keepSlowMs: 100 });
    const tracer = provider.getTracer("t");
    const quick = tracer.startSpan("quick", { startTime: 1_700_000_000_000 });
    quick.end(1_700_000_000_100);
    const slowSpan = tracer.startSpan("slow", { startTime: 1_700_000_000_000 }) as TelltaleSpan;
    slowSpan.end(1_700_000_000_102);
    assert.deepEqual(names(exported), ["slow"]);
    assert.equal(slowSpan.attributes["telltale.sampling.reason"], "slow");
  });

  it("keeps the first reason", () => {
    const { provider } = collectingProvider(unsampled);
    const { root } = pair(provider);
    root.localTrace.keep("forced");
    root.setStatus({ code: SpanStatusCode.ERROR }).end();
    assert.equal(root.attributes["telltale.sampling.reason"], "forced");
  });

  it("is attached to the unit of work", () => {
    const { provider } = collectingProvider(unsampled);
    const unit = new UnitOfWork();
    const context = new Context(undefined, unit, false, undefined);
    const root = provider.getTracer("t").startSpan("root", {}, context) as TelltaleSpan;
    assert.equal(unit.localTrace, root.localTrace);
  });

  it("records nothing if tail sampling is off", () => {
    const { provider, counters } = collectingProvider({ ...unsampled, tailSamples: false });
    const span = provider.getTracer("t").startSpan("root");
    span.end();
    assert.equal(span.isRecording(), false);
    assert.match(span.spanContext().traceId, /^[0-9a-f]{32}$/);
    assert.equal(counters.created, 0);
  });

  describe("after its spans were dropped", () => {
    it("exports the span of an error and the root, counts them again, and records the loss", () => {
      const { provider, exported, counters, tailBuffer } = collectingProvider(unsampled);
      const { root, child } = pair(provider);
      const other = provider.getTracer("t").startSpan("other", {}, ROOT_CONTEXT.withSpan(root));
      for (const span of [child, other, root]) span.end();
      tailBuffer.close();
      child.keepTrace("error_captured");
      child.keepTrace("error_captured");
      root.keepTrace("error_captured");
      assert.deepEqual(names(exported).toSorted(), ["child", "root"]);
      assert.deepEqual(counters, { created: 5, unsampled: 3, buffer_full: 0 });
      assert.equal(root.localTrace.droppedSpans, 1);
      assert.deepEqual(root.attributes, {
        "telltale.sampling.reason": "error_captured",
        "telltale.sampling.dropped_spans": 1,
      });
    });

    it("is complete if it has no other spans", () => {
      const { provider, exported, tailBuffer } = collectingProvider(unsampled);
      const { root, child } = pair(provider);
      child.end();
      root.end();
      tailBuffer.close();
      child.keepTrace("error_captured");
      assert.deepEqual(names(exported).toSorted(), ["child", "root"]);
      assert.equal(root.localTrace.droppedSpans, 0);
      assert.deepEqual(root.attributes, { "telltale.sampling.reason": "error_captured" });
    });

    it("exports a span that is still running when it ends", () => {
      const { provider, exported, counters, tailBuffer } = collectingProvider(unsampled);
      const { root, child } = pair(provider);
      root.end();
      tailBuffer.close();
      child.keepTrace("error_captured");
      assert.deepEqual(names(exported), ["root"]);
      child.end();
      assert.deepEqual(names(exported), ["root", "child"]);
      assert.deepEqual(counters, { created: 3, unsampled: 1, buffer_full: 0 });
    });

    it("drops a child that ends later, with or without an error of another one", () => {
      const { provider, exported, counters, tailBuffer } = collectingProvider(unsampled);
      const { root, child } = pair(provider);
      root.end();
      tailBuffer.close();
      child.end();
      assert.deepEqual(counters, { created: 2, unsampled: 2, buffer_full: 0 });
      root.keepTrace("error_captured");
      provider.getTracer("t").startSpan("later", {}, ROOT_CONTEXT.withSpan(root)).end();
      assert.deepEqual(names(exported), ["root"]);
      assert.deepEqual(counters, { created: 4, unsampled: 3, buffer_full: 0 });
    });

    it("exports a failed span with the root, and no later ones", () => {
      const { provider, exported, tailBuffer } = collectingProvider(unsampled);
      const { root, child } = pair(provider);
      root.end();
      tailBuffer.close();
      child.setStatus({ code: SpanStatusCode.ERROR }).end();
      provider.getTracer("t").startSpan("later", {}, ROOT_CONTEXT.withSpan(root)).end();
      assert.deepEqual(names(exported), ["root", "child"]);
      assert.equal(root.attributes["telltale.sampling.reason"], "span_error");
    });

    it("exports all later spans if the app asks for it", () => {
      const { provider, exported, tailBuffer } = collectingProvider(unsampled);
      const { root } = pair(provider);
      root.end();
      tailBuffer.close();
      root.keepTrace("error_captured");
      root.keepTrace("forced");
      provider.getTracer("t").startSpan("later", {}, ROOT_CONTEXT.withSpan(root)).end();
      assert.deepEqual(names(exported), ["root", "later"]);
      assert.equal(root.attributes["telltale.sampling.reason"], "error_captured");
    });
  });

  describe("in a full buffer", () => {
    it("drops the spans of the oldest trace, also of one whose root never ends", () => {
      const { provider, exported, counters, tailBuffer } = collectingProvider({
        ...unsampled,
        capacity: 3,
      });
      const pairs = Array.from({ length: 5 }, () => pair(provider));
      for (const { child } of pairs) child.end();
      assert.equal(tailBuffer.used, 3);
      assert.deepEqual(counters, { created: 5, unsampled: 0, buffer_full: 2 });
      const roots = pairs.map(({ root }) => root);
      roots[1]?.keepTrace("error_captured");
      roots[4]?.keepTrace("error_captured");
      assert.equal(tailBuffer.used, 2);
      roots[1]?.end();
      roots[4]?.end();
      assert.deepEqual(names(exported), ["child", "root", "root"]);
      assert.equal(roots[1]?.attributes["telltale.sampling.dropped_spans"], 1);
      assert.equal(roots[4]?.attributes["telltale.sampling.dropped_spans"], undefined);
    });

    it("still exports the span of an error", () => {
      const { provider, exported, counters } = collectingProvider({ ...unsampled, capacity: 1 });
      const [first, second] = [pair(provider), pair(provider)];
      first.child.end();
      second.child.end();
      first.child.keepTrace("error_captured");
      assert.deepEqual(exported, [first.child]);
      assert.deepEqual(counters, { created: 3, unsampled: 0, buffer_full: 1 });
      assert.equal(first.root.localTrace.droppedSpans, 0);
    });

    it("has the last thousand spans of a trace", () => {
      const { provider, exported, counters, tailBuffer } = collectingProvider({
        ...unsampled,
        capacity: 100_000,
      });
      const tracer = provider.getTracer("t");
      const root = tracer.startSpan("root") as TelltaleSpan;
      for (let count = 0; count < 5000; count++) {
        tracer.startSpan(`child ${count}`, {}, ROOT_CONTEXT.withSpan(root)).end();
      }
      assert.equal(tailBuffer.used, 1000);
      assert.deepEqual(counters, { created: 5000, unsampled: 0, buffer_full: 4000 });
      root.keepTrace("error_captured");
      assert.equal(exported[0]?.name, "child 4000");
      assert.equal(exported.length, 1000);
    });
  });

  describe("at process exit", () => {
    it("has the open spans of its errors, and its root", () => {
      const { provider, exported, openSpans } = collectingProvider(unsampled);
      const { child } = pair(provider);
      child.keepTrace("error_captured");
      openSpans.endAll();
      assert.deepEqual(names(exported).toSorted(), ["child", "root"]);
    });

    it("ends no span that has no error, and at most 200", () => {
      const { provider, exported, openSpans } = collectingProvider(unsampled);
      pair(provider);
      for (let count = 0; count < 1000; count++) pair(provider).root.keepTrace("error_captured");
      openSpans.endAll();
      assert.equal(exported.length, 200);
    });
  });

  it("never exports a span twice, nor loses that of an error, whatever the order of events", () => {
    const random = new Random(testSeed());
    for (let round = 0; round < 300; round++) checkRandomTraces(random);
  });
});

/** Runs random operations on a few traces in a small buffer, and checks the counts after each. */
function checkRandomTraces(random: Random): void {
  const { provider, exported, counters, tailBuffer, openSpans } = collectingProvider({
    sampler: new TraceIdRatioBasedSampler(random.pick([0, 0.5])),
    capacity: random.pick([0, 2, 5, 1000]),
  });
  const tracer = provider.getTracer("t");
  const spans: TelltaleSpan[] = [];
  const captured = new Set<TelltaleSpan>();
  const operations: readonly [() => void, ...(() => void)[]] = [
    () => spans.push(tracer.startSpan("root") as TelltaleSpan),
    () => {
      const context = ROOT_CONTEXT.withSpan(spans[random.below(spans.length)]);
      spans.push(tracer.startSpan("child", {}, context) as TelltaleSpan);
    },
    () => spans[random.below(spans.length)]?.end(),
    () => spans[random.below(spans.length)]?.end(),
    () => {
      const span = spans[random.below(spans.length)];
      if (span === undefined) return;
      captured.add(span);
      span.keepTrace(random.pick(["error_captured", "error_captured", "forced"]));
    },
    () => spans[random.below(spans.length)]?.setStatus({ code: SpanStatusCode.ERROR }).end(),
    () => random.chance(0.1) && tailBuffer.close(),
  ];
  const note = `TEST_SEED=${random.seed}`;
  for (let step = 0; step < 60; step++) {
    random.pick(operations)();
    const dropped = counters.unsampled + counters.buffer_full;
    assert.ok(counters.created >= exported.length + dropped, note);
    assert.ok(tailBuffer.used >= 0, note);
  }
  openSpans.endAll();
  for (const span of spans) span.end();
  tailBuffer.close();
  assert.equal(tailBuffer.used, 0, note);
  assert.equal(new Set(exported).size, exported.length, note);
  for (const span of captured) {
    assert.ok(exported.includes(span), note);
    assert.ok(exported.includes(span.localTrace.root as TelltaleSpan), note);
  }
  const dropped = counters.unsampled + counters.buffer_full;
  assert.equal(counters.created, exported.length + dropped, note);
}

describe("The attributes that record why a trace was kept", () => {
  it("have the sampling probability, so that counts can be reconstructed", () => {
    const { provider } = collectingProvider({ ...unsampled, probability: 0.01 });
    const { root, child } = pair(provider);
    root.localTrace.keep("forced");
    child.end();
    root.end();
    assert.equal(root.attributes["telltale.sampling.probability"], 0.01);
    assert.deepEqual(child.attributes, {});
  });

  it("are missing if every trace is kept", () => {
    const { provider } = collectingProvider({ probability: 1 });
    const { root } = pair(provider);
    root.end();
    assert.deepEqual(root.attributes, {});
  });

  it("are on a root whose attributes a processor has read at its end", () => {
    const seen: unknown[] = [];
    const processor = {
      onStart: () => {},
      onEnd: ({ attributes }: ReadableSpan) => seen.push(attributes),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const { provider } = collectingProvider({ ...unsampled, processors: [processor] });
    const { root } = pair(provider);
    root.end();
    root.keepTrace("error_captured");
    assert.deepEqual(seen, [{}]);
    assert.equal(root.attributes["telltale.sampling.reason"], "error_captured");
  });

  const parents: readonly (readonly [
    title: string,
    parent: Partial<SpanContext>,
    mark: unknown,
  ])[] = [
    ["an unsampled caller", { isRemote: true, traceFlags: 0 }, false],
    ["a sampled caller", { isRemote: true, traceFlags: 1 }, undefined],
    ["an unsampled span of the app in this process", { traceFlags: 0 }, undefined],
  ];
  for (const [title, parent, mark] of parents) {
    it(`${mark === undefined ? "do not mention" : "mention"} ${title}`, () => {
      const { provider } = collectingProvider({ sampler: new TraceIdRatioBasedSampler(0) });
      const remote = new NonRecordingSpan({
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        traceFlags: 0,
        ...parent,
      });
      const tracer = provider.getTracer("t");
      const root = tracer.startSpan("root", {}, ROOT_CONTEXT.withSpan(remote)) as TelltaleSpan;
      root.keepTrace("error_captured");
      root.end();
      assert.equal(root.attributes["telltale.sampling.parent_sampled"], mark);
    });
  }
});

describe("An attribute that annotates a span", () => {
  it("is set after the end, until the span is exported", () => {
    const { provider } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    child.end();
    root.end();
    child.setAttribute("late", true);
    child.annotate("sentry.event_id", "1");
    root.keepTrace("error_captured");
    child.annotate("sentry.event_id", "2");
    assert.deepEqual(child.attributes, { "sentry.event_id": "1" });
  });
});

function pair(provider: ReturnType<typeof collectingProvider>["provider"]): {
  root: TelltaleSpan;
  child: TelltaleSpan;
} {
  const tracer = provider.getTracer("t");
  const root = tracer.startSpan("root") as TelltaleSpan;
  const child = tracer.startSpan("child", {}, ROOT_CONTEXT.withSpan(root)) as TelltaleSpan;
  return { root, child };
}

function names(spans: readonly { name: string }[]): string[] {
  return spans.map((span) => span.name);
}
