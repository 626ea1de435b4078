import assert from "node:assert/strict";
import { mock } from "node:test";
import { now } from "../../../src/clock.ts";
import { loopActivity } from "../../../src/loop-activity.ts";
import { StallWatch } from "../../../src/metrics/runtime/stalls.ts";
import { createMetricsFixture, histogramsOf } from "../metrics-fixture.ts";

const METRIC = "telltale.eventloop.stall.duration";
const LIMIT_MS = 200;
const TICK_MS = 40;

describe("A stall of the event loop", () => {
  /** The time, and how much of it the loop was idle, in milliseconds. */
  let at = 5_000;
  let idle = 3_000;
  beforeEach(() => {
    mock.timers.enable({ apis: ["setInterval"] });
    mock.method(performance, "now", () => at);
    mock.method(performance, "eventLoopUtilization", () => ({ idle }));
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
    loopActivity.watch(Infinity, now(), () => {});
  });

  it("has all of its time, if the loop was idle before it", () => {
    const { store, collect } = createMetricsFixture();
    new StallWatch(store.provider.getMeter("telltale"), LIMIT_MS).start();
    // Almost as long as the interval of ticks.
    at += 30;
    idle += 30;
    loopActivity.called(now(), undefined);
    at += LIMIT_MS + 15;
    loopActivity.called(now(), undefined);
    mock.timers.tick(TICK_MS);
    const [stall] = histogramsOf(collect(), METRIC);
    assert.deepEqual([stall?.value.count, stall?.value.sum], [1, (LIMIT_MS + 15) / 1000]);
  });

  it("has no time in which the loop was idle", () => {
    const { store, collect } = createMetricsFixture();
    new StallWatch(store.provider.getMeter("telltale"), LIMIT_MS).start();
    at += 20;
    idle += 20;
    loopActivity.called(now(), undefined);
    at += LIMIT_MS + 100;
    idle += 80;
    loopActivity.called(now(), undefined);
    mock.timers.tick(TICK_MS);
    const [stall] = histogramsOf(collect(), METRIC);
    assert.deepEqual([stall?.value.count, stall?.value.sum], [1, (LIMIT_MS + 20) / 1000]);
  });
});
