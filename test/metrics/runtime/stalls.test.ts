import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { now } from "../../../src/clock.ts";
import { loopActivity } from "../../../src/loop-activity.ts";
import { StallWatch } from "../../../src/metrics/runtime/stalls.ts";
import { pollUntil } from "../../until.ts";
import { createMetricsFixture, histogramsOf, metricNamesOf } from "../metrics-fixture.ts";

const METRIC = "telltale.eventloop.stall.duration";
const LIMIT_MS = 200;

describe("A stall of the event loop", () => {
  after(() => loopActivity.watch(Infinity, now(), () => {}));

  it("has all of its time, if the loop was idle before it", async () => {
    const fixture = createMetricsFixture();
    new StallWatch(fixture.store.provider.getMeter("telltale"), LIMIT_MS).start();
    // Almost as long as the interval of ticks.
    await delay(30);
    loopActivity.called(now(), undefined);
    const end = performance.now() + LIMIT_MS + 15;
    while (performance.now() < end);
    loopActivity.called(now(), undefined);
    const [stall] = await pollUntil(async () => {
      const collected = fixture.collect();
      return metricNamesOf(collected).includes(METRIC)
        ? histogramsOf(collected, METRIC)
        : undefined;
    }, "the stall");
    assert.equal(stall?.value.count, 1);
    assert.ok((stall.value.sum ?? 0) * 1000 >= LIMIT_MS);
  });
});
