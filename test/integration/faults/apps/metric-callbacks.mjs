import { metrics } from "@opentelemetry/api";

/* Callbacks that break a collection, beside one that works. */
const meter = metrics.getMeter("callbacks");
meter.createObservableGauge("works").addCallback((result) => result.observe(1));
meter.createObservableGauge("throws").addCallback(() => {
  throw new Error("a callback");
});
meter.createObservableGauge("rejects").addCallback(async () => {
  throw new Error("a callback");
});
meter.createObservableGauge("hangs").addCallback(() => new Promise(() => {}));
