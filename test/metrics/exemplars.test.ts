import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { runWithContext } from "../../src/context/manager.ts";
import { AlwaysOffSampler } from "../../src/traces/sampling/constant.ts";
import type { TelltaleSpan } from "../../src/traces/span.ts";
import { collectingProvider } from "../traces/provider.ts";
import { createMetricsFixture, type MetricsFixture } from "./metrics-fixture.ts";
import { pageText } from "./prometheus/page-text.ts";

describe("An exemplar", () => {
  const kept = startedSpan();
  const dropped = startedSpan(new AlwaysOffSampler());
  const rows = [
    ["trace_based", "a trace that is kept", kept, true],
    ["trace_based", "a trace that isn't", dropped, false],
    ["trace_based", "no trace", undefined, false],
    ["always_on", "a trace that isn't kept", dropped, true],
    ["always_off", "a trace that is kept", kept, false],
  ] as const;
  for (const [filter, title, span, shown] of rows) {
    it(`is ${shown ? "" : "not "}shown with ${filter} for a measurement of ${title}`, () => {
      const fixture = createMetricsFixture(filter);
      const histogram = histogramOf(fixture);
      runWithContext(ROOT_CONTEXT.withSpan(span), () => histogram.record(7));
      assert.equal(pageOf(fixture).includes(" # {trace_id="), shown);
    });
  }

  it("is the latest of its bucket, with its value and its time", () => {
    const fixture = createMetricsFixture();
    const histogram = histogramOf(fixture);
    // The monotonic clock may differ from the wall clock by hundredths of a second.
    const before = Date.now() / 1000 - 1;
    for (const value of [3, 7, 8, 30]) histogram.record(value, {}, ROOT_CONTEXT.withSpan(kept));
    const after = Date.now() / 1000 + 1;
    const found = [...pageOf(fixture).matchAll(/le="(.*?)"\} (\d+) # (\{.*\}) (\d+) ([\d.]+)$/gm)];
    const { traceId, spanId } = kept.spanContext();
    const labels = `{trace_id="${traceId}",span_id="${spanId}"}`;
    assert.deepEqual(
      found.map(([, limit, count, ids, value]) => [limit, count, ids, value]),
      [
        ["5.0", "1", labels, "3"],
        ["10.0", "3", labels, "8"],
        ["+Inf", "4", labels, "30"],
      ],
    );
    for (const [, , , , , at] of found) assert.ok(Number(at) >= before && Number(at) <= after);
  });

  it("appears once an unsampled trace is kept", () => {
    const fixture = createMetricsFixture();
    const histogram = histogramOf(fixture);
    const late = startedSpan(new AlwaysOffSampler());
    late.localTrace.keep("forced");
    histogram.record(7, {}, ROOT_CONTEXT.withSpan(late));
    assert.ok(pageOf(fixture).includes(late.spanContext().traceId));
  });

  it("of a counter is the latest measurement of its series", () => {
    const fixture = createMetricsFixture();
    const counter = meterOf(fixture.store).createCounter("orders");
    counter.add(1, { kind: "a" }, ROOT_CONTEXT.withSpan(kept));
    counter.add(2.5, { kind: "a" }, ROOT_CONTEXT.withSpan(kept));
    counter.add(7, { kind: "a" }, ROOT_CONTEXT.withSpan(dropped));
    runWithContext(ROOT_CONTEXT.withSpan(kept), () => counter.add(4, { kind: "b" }));
    counter.add(5, { kind: "c" });
    const { traceId, spanId } = kept.spanContext();
    const ids = `{trace_id="${traceId}",span_id="${spanId}"}`;
    const page = pageOf(fixture).replaceAll(/ [\d.]+$/gm, "");
    const lines = page.split("\n").filter((line) => line.startsWith("orders_total"));
    assert.deepEqual(lines, [
      `orders_total{kind="a"} 10.5 # ${ids} 2.5`,
      `orders_total{kind="b"} 4 # ${ids} 4`,
      `orders_total{kind="c"}`,
    ]);
  });

  it("is absent for a gauge or an up-down counter, which have none in Prometheus", () => {
    const fixture = createMetricsFixture("always_on");
    const meter = meterOf(fixture.store);
    meter.createUpDownCounter("level").add(1, {}, ROOT_CONTEXT.withSpan(kept));
    meter.createGauge("heat").record(1, {}, ROOT_CONTEXT.withSpan(kept));
    assert.ok(!pageOf(fixture).includes("trace_id"));
  });

  it("is absent on the classic page", () => {
    const fixture = createMetricsFixture();
    histogramOf(fixture).record(7, {}, ROOT_CONTEXT.withSpan(kept));
    meterOf(fixture.store).createCounter("orders").add(1, {}, ROOT_CONTEXT.withSpan(kept));
    assert.ok(!pageOf(fixture, "classic").includes("trace_id"));
  });
});

function startedSpan(sampler?: AlwaysOffSampler): TelltaleSpan {
  const { provider } = collectingProvider(sampler === undefined ? {} : { sampler });
  return provider.getTracer("t").startSpan("work") as TelltaleSpan;
}

function histogramOf({
  store,
}: MetricsFixture): ReturnType<ReturnType<typeof meterOf>["createHistogram"]> {
  return meterOf(store).createHistogram("size", {
    advice: { explicitBucketBoundaries: [5, 10] },
  });
}

function meterOf(
  store: MetricsFixture["store"],
): ReturnType<MetricsFixture["store"]["provider"]["getMeter"]> {
  return store.provider.getMeter("telltale");
}

function pageOf(
  { collect }: MetricsFixture,
  format: "classic" | "openmetrics" = "openmetrics",
): string {
  return pageText(collect(), { format });
}
