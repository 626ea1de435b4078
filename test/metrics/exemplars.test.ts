import assert from "node:assert/strict";
import { ROOT } from "../../src/context/context.ts";
import { runIn } from "../../src/context/manager.ts";
import { prometheusText } from "../../src/metrics/prometheus-text.ts";
import { AlwaysOff } from "../../src/traces/sampling/constant.ts";
import type { TelltaleSpan } from "../../src/traces/span.ts";
import { collectingProvider } from "../traces/provider.ts";
import { createGround, type Ground } from "./ground.ts";

describe("An exemplar", () => {
  const kept = startedSpan();
  const dropped = startedSpan(new AlwaysOff());
  const rows = [
    ["trace_based", "a trace that is kept", kept, true],
    ["trace_based", "a trace that isn't", dropped, false],
    ["trace_based", "no trace", undefined, false],
    ["always_on", "a trace that isn't kept", dropped, true],
    ["always_off", "a trace that is kept", kept, false],
  ] as const;
  for (const [filter, title, span, shown] of rows) {
    it(`is ${shown ? "" : "not "}shown with ${filter} for a measurement of ${title}`, () => {
      const ground = createGround(filter);
      const histogram = histogramOf(ground);
      runIn(ROOT.withSpan(span), () => histogram.record(7));
      assert.equal(pageOf(ground).includes(" # {trace_id="), shown);
    });
  }

  it("is the latest of its bucket, with its value and its time", () => {
    const ground = createGround();
    const histogram = histogramOf(ground);
    // Our clock may be some hundredths of a second from the wall's.
    const before = Date.now() / 1000 - 1;
    for (const value of [3, 7, 8, 30]) histogram.record(value, {}, ROOT.withSpan(kept));
    const after = Date.now() / 1000 + 1;
    const found = [...pageOf(ground).matchAll(/le="(.*?)"\} (\d+) # (\{.*\}) (\d+) ([\d.]+)$/gm)];
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

  it("appears once a trace is kept that wasn't sampled", () => {
    const ground = createGround();
    const histogram = histogramOf(ground);
    const late = startedSpan(new AlwaysOff());
    late.localTrace.keep("forced");
    histogram.record(7, {}, ROOT.withSpan(late));
    assert.ok(pageOf(ground).includes(late.spanContext().traceId));
  });

  it("of a counter is the latest measurement of its series", () => {
    const ground = createGround();
    const counter = meterOf(ground.store).createCounter("orders");
    counter.add(1, { kind: "a" }, ROOT.withSpan(kept));
    counter.add(2.5, { kind: "a" }, ROOT.withSpan(kept));
    counter.add(7, { kind: "a" }, ROOT.withSpan(dropped));
    runIn(ROOT.withSpan(kept), () => counter.add(4, { kind: "b" }));
    counter.add(5, { kind: "c" });
    const { traceId, spanId } = kept.spanContext();
    const ids = `{trace_id="${traceId}",span_id="${spanId}"}`;
    const page = pageOf(ground).replaceAll(/ [\d.]+$/gm, "");
    const lines = page.split("\n").filter((line) => line.startsWith("orders_total"));
    assert.deepEqual(lines, [
      `orders_total{kind="a"} 10.5 # ${ids} 2.5`,
      `orders_total{kind="b"} 4 # ${ids} 4`,
      `orders_total{kind="c"}`,
    ]);
  });

  it("is none of a gauge or an up-down counter, for which Prometheus has no place", () => {
    const ground = createGround("always_on");
    const meter = meterOf(ground.store);
    meter.createUpDownCounter("level").add(1, {}, ROOT.withSpan(kept));
    meter.createGauge("heat").record(1, {}, ROOT.withSpan(kept));
    assert.ok(!pageOf(ground).includes("trace_id"));
  });

  it("has no place on the classic page", () => {
    const ground = createGround();
    histogramOf(ground).record(7, {}, ROOT.withSpan(kept));
    meterOf(ground.store).createCounter("orders").add(1, {}, ROOT.withSpan(kept));
    assert.ok(!pageOf(ground, "classic").includes("trace_id"));
  });
});

function startedSpan(sampler?: AlwaysOff): TelltaleSpan {
  const { provider } = collectingProvider(sampler === undefined ? {} : { sampler });
  return provider.getTracer("t").startSpan("work") as TelltaleSpan;
}

function histogramOf({ store }: Ground): ReturnType<ReturnType<typeof meterOf>["createHistogram"]> {
  return meterOf(store).createHistogram("size", {
    advice: { explicitBucketBoundaries: [5, 10] },
  });
}

function meterOf(store: Ground["store"]): ReturnType<Ground["store"]["provider"]["getMeter"]> {
  return store.provider.getMeter("telltale");
}

function pageOf({ take }: Ground, format: "classic" | "openmetrics" = "openmetrics"): string {
  return [...prometheusText(take(), { format, ownScope: "telltale", onConflict: () => {} })].join(
    "",
  );
}
