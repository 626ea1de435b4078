import type { Link } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { MeterProvider, MetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/* Finished spans, log records and metrics, as pipelines receive them. */

export const resource: ReadableSpan["resource"] = resourceFromAttributes({
  "service.name": "shop",
  "service.version": "1.2.3",
  "deployment.environment.name": "test",
});

const scope = { name: "telltale", version: "0.1.0", schemaUrl: "https://example.test/schema" };

/** Creates a typical server span: twelve attributes, one event, one link. */
export function makeSpan(index: number): ReadableSpan {
  const traceId = index.toString(16).padStart(32, "0");
  const spanId = (index + 1).toString(16).padStart(16, "0");
  const link: Link = {
    context: { traceId: "f".repeat(32), spanId: "e".repeat(16), traceFlags: 1 },
    attributes: { why: "batch" },
  };
  return {
    name: "GET /orders/:id",
    kind: 1,
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    parentSpanContext: { traceId, spanId: "d".repeat(16), traceFlags: 1, isRemote: true },
    startTime: [1_700_000_000, 123_456_789],
    endTime: [1_700_000_000, 135_956_789],
    duration: [0, 12_500_000],
    status: { code: 2, message: "no such order" },
    attributes: {
      "http.request.method": "GET",
      "url.path": `/orders/${index}`,
      "url.scheme": "http",
      "http.route": "/orders/:id",
      "server.address": "shop.example",
      "server.port": 8080,
      "network.protocol.version": "1.1",
      "client.address": "192.0.2.7",
      "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
      "http.response.status_code": 500,
      "telltale.ratio": 0.25,
      "order.items": ["a", "b"],
    },
    links: [link],
    events: [
      {
        name: "exception",
        time: [1_700_000_000, 130_000_000],
        attributes: { "exception.type": "Error", "exception.message": "nö" },
      },
    ],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
  };
}

export function makeSpans(count: number): ReadableSpan[] {
  return Array.from({ length: count }, (_, index) => makeSpan(index));
}

export function makeLog(index: number): ReadableLogRecord {
  return {
    hrTime: [1_700_000_000, index],
    hrTimeObserved: [1_700_000_001, index],
    severityNumber: 17,
    severityText: "ERROR",
    body: `order ${index} failed`,
    attributes: { "order.id": index, nested: { deep: [true, null] } },
    spanContext: { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 },
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
  };
}

/** Collects a counter, a gauge and a histogram with OpenTelemetry's SDK. */
export async function collectMetrics(): Promise<ResourceMetrics> {
  const reader = new Reader();
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter("telltale");
  meter.createCounter("orders", { unit: "{order}" }).add(3, { shop: "a" });
  meter.createGauge("load", { unit: "1" }).record(-0.5);
  const duration = meter.createHistogram("duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: [1, 2] },
  });
  duration.record(0.5);
  duration.record(3);
  return (await reader.collect()).resourceMetrics;
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
