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
    const before = Date.now() / 1000;
    for (const value of [3, 7, 8, 30]) histogram.record(value, {}, ROOT.withSpan(kept));
    const after = Date.now() / 1000;
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

  it("has no place on the classic page", () => {
    const ground = createGround();
    histogramOf(ground).record(7, {}, ROOT.withSpan(kept));
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
