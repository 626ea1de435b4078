import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { DnsInstrumentation } from "@opentelemetry/instrumentation-dns";
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg";
import { envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, InMemoryLogRecordExporter } from "@opentelemetry/sdk-logs";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
} from "@opentelemetry/sdk-trace";
import {
  AggregationTemporality,
  AggregationType,
  createDenyListAttributesProcessor,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { keys } from "../../src/extension/keys.ts";
import { readConfig } from "../../src/extension/read-config.ts";
import { ExtensionReport } from "../../src/extension/report.ts";
import { defineConfig } from "../../src/index.ts";

/** Compiles, which is a part of this test. */
const ofSdk = defineConfig({
  spanProcessors: [new BatchSpanProcessor({ exporter: new InMemorySpanExporter() })],
  traceExporter: new InMemorySpanExporter(),
  logRecordProcessors: [new BatchLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() })],
  sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  idGenerator: new RandomIdGenerator(),
  textMapPropagator: new W3CTraceContextPropagator(),
  metricReaders: [
    new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    }),
  ],
  views: [
    {
      instrumentName: "http.*",
      aggregation: { type: AggregationType.DROP },
      attributesProcessors: [createDenyListAttributesProcessor(["secret"])],
    },
  ],
  resource: resourceFromAttributes({ "shop.region": "ch" }),
  resourceDetectors: [envDetector],
  serviceName: "shop",
  instrumentations: [
    new PgInstrumentation({ enabled: false }),
    [new DnsInstrumentation({ enabled: false })],
  ],
  requestHook: (span, request) => span.setAttribute("shop.host", String(request.headers["host"])),
  responseHook: (span, response: ServerResponse) =>
    span.setAttribute("shop.status", response.statusCode),
  ignoreRequest: ({ url }) => url === "/ping",
  spanName: (_request, route) => route,
  beforeSend: (event: { message?: string }) => (event.message === "" ? null : event),
  beforeBreadcrumb: () => null,
  redaction: { fields: ["memberNumber"], patterns: [/member \d+/] },
  healthChecks: { stock: async () => {}, shop: { run: () => {}, critical: false } },
});

describe("defineConfig", () => {
  it("accepts the components of the SDK, as the reader of configurations does", () => {
    const lines: string[] = [];
    const report = new ExtensionReport("telltale.config.js", (_key, line) => lines.push(line));
    const { redaction, ...read } = readConfig(ofSdk, report);
    assert.deepEqual(lines, []);
    assert.deepEqual(Object.keys({ ...read, redaction }).toSorted(), Object.keys(keys).toSorted());
  });

  it("accepts functions and promises", async () => {
    const config = defineConfig(async () => ({ sampler: new AlwaysOnSampler() }));
    assert.ok((await config()).sampler);
  });
});
