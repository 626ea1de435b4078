import assert from "node:assert/strict";
import { SpanStatusCode } from "@opentelemetry/api";
import { Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { AlwaysOffSampler, AlwaysOnSampler } from "../../src/traces/sampling/constant.ts";
import { ParentBasedSampler } from "../../src/traces/sampling/parent-based.ts";
import type { TelltaleSpan } from "../../src/traces/span.ts";
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
    const { provider, exported, counters, quota, dropTimer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    child.end();
    assert.equal(quota.used, 1);
    root.end();
    assert.equal(quota.used, 0);
    assert.deepEqual(counters, { created: 2, discarded: 0 });
    dropTimer.close();
    assert.deepEqual(exported, []);
    assert.deepEqual(counters, { created: 2, discarded: 2 });
  });

  it("exports all spans, also earlier ones, when a span ends in error", () => {
    const { provider, exported } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    const second = provider.getTracer("t").startSpan("second", {}, ROOT_CONTEXT.withSpan(root));
    second.end();
    child.setStatus({ code: SpanStatusCode.ERROR }).end();
    assert.deepEqual(names(exported), ["second", "child"]);
    root.end();
    assert.deepEqual(names(exported), ["second", "child", "root"]);
    assert.equal(root.attributes["telltale.sampling.reason"], "span_error");
  });

  it("exports all spans when an error is captured after the root ended", () => {
    const { provider, exported, counters, dropTimer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    child.end();
    root.end();
    assert.deepEqual(exported, []);
    root.localTrace.keep("error_captured");
    assert.deepEqual(names(exported), ["child", "root"]);
    dropTimer.close();
    assert.deepEqual(counters, { created: 2, discarded: 0 });
    assert.equal(root.attributes["telltale.sampling.reason"], "error_captured");
  });

  it("exports a child that ends after its root, if the trace is kept", () => {
    const { provider, exported } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    root.setStatus({ code: SpanStatusCode.ERROR }).end();
    child.end();
    assert.deepEqual(names(exported), ["root", "child"]);
  });

  it("drops a child that ends after the drop window", () => {
    const { provider, exported, counters, dropTimer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    root.end();
    dropTimer.close();
    child.end();
    root.localTrace.keep("error_captured");
    assert.deepEqual(exported, []);
    assert.deepEqual(counters, { created: 2, discarded: 2 });
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

  it("records the sampling probability on the root, so that counts can be reconstructed", () => {
    const { provider } = collectingProvider({ ...unsampled, probability: 0.01 });
    const { root, child } = pair(provider);
    root.localTrace.keep("forced");
    child.end();
    root.end();
    assert.equal(root.attributes["telltale.sampling.probability"], 0.01);
    assert.deepEqual(child.attributes, {});
  });

  it("records no sampling attributes if every trace is kept", () => {
    const { provider } = collectingProvider({ probability: 1 });
    const { root } = pair(provider);
    root.end();
    assert.deepEqual(root.attributes, {});
  });

  it("is attached to the unit of work", () => {
    const { provider } = collectingProvider(unsampled);
    const unit = new UnitOfWork();
    const context = new Context(undefined, unit, false, undefined);
    const root = provider.getTracer("t").startSpan("root", {}, context) as TelltaleSpan;
    assert.equal(unit.localTrace, root.localTrace);
  });

  it("is not kept by an error after the drop window", () => {
    const { provider, exported, counters, dropTimer } = collectingProvider(unsampled);
    const { root } = pair(provider);
    root.end();
    dropTimer.close();
    root.localTrace.keep("error_captured");
    assert.deepEqual(exported, []);
    assert.equal(root.localTrace.kept, false);
    assert.deepEqual(counters, { created: 1, discarded: 1 });
  });

  it("exports a child that ended after the root when an error keeps it", () => {
    const { provider, exported, counters, dropTimer } = collectingProvider(unsampled);
    const { root, child } = pair(provider);
    root.end();
    child.end();
    root.localTrace.keep("error_captured");
    dropTimer.close();
    assert.deepEqual(names(exported), ["root", "child"]);
    assert.deepEqual(counters, { created: 2, discarded: 0 });
  });

  it("drops spans when the span quota is used up", () => {
    const { provider, counters, quota } = collectingProvider({ ...unsampled, spanQuota: 3 });
    const tracer = provider.getTracer("t");
    const roots = Array.from({ length: 5 }, () => tracer.startSpan("root"));
    for (const root of roots) tracer.startSpan("child", {}, ROOT_CONTEXT.withSpan(root)).end();
    assert.equal(quota.used, 3);
    assert.deepEqual(counters, { created: 5, discarded: 2 });
    for (const root of roots) root.end();
    assert.equal(quota.used, 0);
  });

  it("buffers a limited number of spans of the quota", () => {
    const { provider, counters, quota } = collectingProvider({ ...unsampled, spanQuota: 100_000 });
    const tracer = provider.getTracer("t");
    const root = tracer.startSpan("root");
    for (let count = 0; count < 5000; count++) {
      tracer.startSpan("child", {}, ROOT_CONTEXT.withSpan(root)).end();
    }
    assert.equal(quota.used, 1000);
    assert.equal(counters.discarded, 4000);
  });

  it("records nothing if tail sampling is off", () => {
    const { provider, counters } = collectingProvider({ ...unsampled, tailSamples: false });
    const span = provider.getTracer("t").startSpan("root");
    span.end();
    assert.equal(span.isRecording(), false);
    assert.match(span.spanContext().traceId, /^[0-9a-f]{32}$/);
    assert.equal(counters.created, 0);
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
