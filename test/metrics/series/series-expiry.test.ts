import assert from "node:assert/strict";
import { hrTimeToMilliseconds } from "@opentelemetry/core";
import { parseConfig } from "../../../src/config/parse.ts";
import { environmentOf } from "../../../src/env.ts";
import type { StoreMeter } from "../../../src/metrics/store-meter.ts";
import { SeriesExpiry } from "../../../src/metrics/series/series-expiry.ts";
import { createMetricsFixture, type MetricsFixture, metricOf } from "../metrics-fixture.ts";

const HOUR = 3_600_000;

function createExpiringFixture(): MetricsFixture & { readonly meter: StoreMeter } {
  const { config } = parseConfig(
    environmentOf({
      TELLTALE_METRICS_EXPIRE_MS: String(HOUR),
      TELLTALE_METRICS_CARDINALITY_LIMIT: "3",
    }),
  );
  const fixture = createMetricsFixture("trace_based", config.metrics.views);
  return { ...fixture, meter: fixture.store.provider.getMeter("app") };
}

/** Returns the labels that the metric has. */
function labelsOf({ collect }: MetricsFixture): unknown[] {
  const points: readonly { attributes: Readonly<Record<string, unknown>> }[] = metricOf(
    collect(),
    "m",
  ).dataPoints;
  return points.map(({ attributes }) => Object.values(attributes)[0]);
}

/** Records once for each kind, in the series of a label. */
const kinds: readonly (readonly [kind: string, record: (meter: StoreMeter, a: string) => void])[] =
  [
    ["counter", (meter, a) => meter.createCounter("m").add(1, { a })],
    ["gauge", (meter, a) => meter.createGauge("m").record(1, { a })],
    ["histogram", (meter, a) => meter.createHistogram("m").record(1, { a })],
    ["summary", (meter, a) => meter.createSummary("m").record(1, { a })],
  ];

describe("Series that are not used any more", () => {
  for (const [kind, record] of kinds) {
    it(`of a ${kind} are removed, so that there can be others`, () => {
      const fixture = createExpiringFixture();
      const { meter } = fixture;
      const expiry = new SeriesExpiry(HOUR);
      const check = (at: number): void => expiry.removeUnused(fixture.store.instruments(), at);
      record(meter, "old");
      record(meter, "used");
      check(0);
      record(meter, "used");
      check(HOUR / 2);
      assert.deepEqual(labelsOf(fixture), ["old", "used"]);
      check(HOUR);
      assert.deepEqual(labelsOf(fixture), ["used"]);
      record(meter, "new");
      record(meter, "used");
      assert.deepEqual(labelsOf(fixture), ["used", "new"]);
      record(meter, "old");
      assert.deepEqual(labelsOf(fixture), ["used", "new", true], "the overflow series");
      for (const hours of [2, 3, 4]) check(hours * HOUR);
      assert.deepEqual(labelsOf(fixture), [true], "it stays");
    });
  }

  it("are not those of an up-down counter that is not at zero, nor bound ones", () => {
    const fixture = createExpiringFixture();
    const counter = fixture.meter.createUpDownCounter("m");
    counter.add(1, { a: "open" });
    counter.add(0, { a: "closed" });
    counter.bind({ a: "bound" });
    const expiry = new SeriesExpiry(HOUR);
    for (const hours of [0, 1, 2, 3])
      expiry.removeUnused(fixture.store.instruments(), hours * HOUR);
    assert.deepEqual(labelsOf(fixture), ["open", true]);
  });

  it("have a new start when they come back", () => {
    const fixture = createExpiringFixture();
    const counter = fixture.meter.createCounter("m");
    const startOf = (): number => {
      const [point] = metricOf(fixture.collect(), "m").dataPoints;
      return hrTimeToMilliseconds(point!.startTime);
    };
    counter.add(1, { a: 1 });
    const first = startOf();
    const expiry = new SeriesExpiry(HOUR);
    for (const hours of [0, 1]) expiry.removeUnused(fixture.store.instruments(), hours * HOUR);
    const before = Date.now();
    counter.add(1, { a: 1 });
    assert.ok(startOf() >= before && startOf() >= first);
  });
});
