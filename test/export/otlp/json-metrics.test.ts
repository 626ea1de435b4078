import assert from "node:assert/strict";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { MeterProvider, MetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { serializeJsonMetrics } from "../../../src/export/otlp/json-metrics.ts";
import { readExport } from "../../../src/otlp/decode.ts";
import { metricsOf } from "../../../src/testing/otlp.ts";
import { collectMetrics } from "../telemetry.ts";

describe("Metrics in JSON", () => {
  it("have the same content as the SDK's protobuf", async () => {
    assertSame(await collectMetrics());
  });

  for (const value of [Number.NaN, Infinity, -Infinity, 2 ** 70, 0.1]) {
    it(`contain ${value} like the SDK's protobuf`, async () => {
      const reader = new Reader();
      const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
      meter.createGauge("gauge").record(value);
      meter.createHistogram("histogram").record(value);
      assertSame((await reader.collect()).resourceMetrics);
    });
  }
});

function assertSame(metrics: ResourceMetrics): void {
  const ours = read("application/json", serializeJsonMetrics(metrics));
  assert.deepEqual(
    ours,
    read("application/x-protobuf", ProtobufMetricsSerializer.serializeRequest(metrics)),
  );
  assert.ok(ours.length > 0);
}

function read(
  contentType: string,
  message: Uint8Array = new Uint8Array(),
): ReturnType<typeof metricsOf> {
  return metricsOf(readExport("metrics", contentType, message));
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
