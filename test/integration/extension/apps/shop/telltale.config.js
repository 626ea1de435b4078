let count = 0;
const id = (digits) => (++count).toString(16).padStart(digits, "feed0000000000000000000000000000");

class Marking {
  onStart(span, context) {
    span.setAttribute("shop.kind", span.kind);
    span.setAttribute("shop.has.context", typeof context.getValue === "function");
  }
  onEnding(span) {
    span.setAttribute("shop.ending", true);
  }
  onEnd(span) {
    // What the SDK 1.x, 2.x and 3.x have.
    const { name, instrumentationScope, instrumentationLibrary, parentSpanId, parentSpanContext } =
      span;
    if (name !== "price") return;
    const same =
      instrumentationScope === instrumentationLibrary && parentSpanId === parentSpanContext?.spanId;
    console.log(`ended ${name} ${same} ${span.resource.attributes["service.name"]}`);
    globalThis.hasSeenSpan = true;
  }
  async forceFlush() {
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log("flushed");
  }
  async shutdown() {}
}

// telltale reads the default export.
// oxlint-disable-next-line import/no-default-export
export default {
  spanProcessors: [new Marking()],
  logRecordProcessors: [
    {
      onEmit(record) {
        record.setAttribute("shop.seen", record.body);
        record.setBody("changed");
      },
    },
  ],
  idGenerator: {
    generateTraceId: () => id(32),
    generateSpanId: () => id(16),
  },
  sampler: {
    shouldSample: (_context, _traceId, name, _kind, attributes) => ({
      decision: attributes["url.path"] === "/unwanted" ? 0 : 2,
      attributes: { "shop.sampled": attributes["url.path"] ?? name },
    }),
    toString: () => "ShopSampler",
  },
  textMapPropagator: {
    inject: (context, carrier, setter) => setter.set(carrier, "x-shop-trace", "outgoing"),
    extract: (context) => context,
    fields: () => ["x-shop-trace"],
  },
  resource: {
    attributes: { "shop.region": "ch", "service.name": "unused", "telemetry.sdk.name": "unused" },
  },
  resourceDetectors: [
    { detect: () => ({ attributes: { "shop.zone": Promise.resolve("a") } }) },
    { detect: async () => ({ attributes: { "shop.rack": 7 } }) },
  ],
  requestHook: (span, request) => span.setAttribute("shop.path", request.url),
  responseHook: (span, response) => span.setAttribute("shop.status", response.statusCode),
  ignoreRequest: (request) => request.url === "/ignored",
  spanName: (request, route) => `shop ${route ?? request.url}`,
  beforeSend: (event) => ({ ...event, tags: { ...event.tags, extension: "yes" } }),
  redaction: { patterns: [/member \d+/] },
  healthChecks: { stock: () => ({ status: "pass", detail: { items: 3 } }) },
};
