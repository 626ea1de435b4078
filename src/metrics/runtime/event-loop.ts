import type { StoreMeter } from "../store-meter.ts";
import type { EventLoopDelays, SlidingWindow } from "./sliding-window.ts";

const WINDOW_TEXT = "over the last 30 to 60 seconds";

const delayMetrics: readonly (readonly [keyof EventLoopDelays, string])[] = [
  ["min", "Event loop minimum delay"],
  ["max", "Event loop maximum delay"],
  ["mean", "Event loop mean delay"],
  ["stddev", "Event loop standard deviation delay"],
  ["p50", "Event loop 50 percentile delay"],
  ["p90", "Event loop 90 percentile delay"],
  ["p99", "Event loop 99 percentile delay"],
];

/** Observes `nodejs.eventloop.*`: https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/ */
export function observeEventLoop(meter: StoreMeter, slidingWindow: SlidingWindow): void {
  observeDelays(meter, slidingWindow);
  meter
    .createObservableGauge("nodejs.eventloop.utilization", {
      description: `Event loop utilization ${WINDOW_TEXT}.`,
      unit: "1",
    })
    .addCallback((result) => result.observe(slidingWindow.loopUtilization()));
  meter
    .createObservableCounter("nodejs.eventloop.time", {
      description: "Cumulative duration of time the event loop has been in each state.",
      unit: "s",
    })
    .addCallback((result) => {
      const { active, idle } = performance.eventLoopUtilization();
      result.observe(active / 1000, { "nodejs.eventloop.state": "active" });
      result.observe(idle / 1000, { "nodejs.eventloop.state": "idle" });
    });
}

function observeDelays(meter: StoreMeter, slidingWindow: SlidingWindow): void {
  const gauges = delayMetrics.map(([field, description]) => ({
    field,
    gauge: meter.createObservableGauge(`nodejs.eventloop.delay.${field}`, {
      description: `${description} ${WINDOW_TEXT}.`,
      unit: "s",
    }),
  }));
  meter.addBatchObservableCallback(
    (result) => {
      const delays = slidingWindow.delays();
      if (delays === undefined) return;
      for (const { field, gauge } of gauges) result.observe(gauge, delays[field]);
    },
    gauges.map(({ gauge }) => gauge),
  );
}
