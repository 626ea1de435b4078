import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { ZipkinExporter } from "@opentelemetry/exporter-zipkin";
import { OTTracePropagator } from "@opentelemetry/propagator-ot-trace";
import { azureAppServiceDetector } from "@opentelemetry/resource-detector-azure";
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationType,
  createDenyListAttributesProcessor,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";

const { RECEIVER, ZIPKIN } = process.env;

export const traceExporter = new ZipkinExporter({ url: `${ZIPKIN}/api/v2/spans` });
export const logRecordProcessors = [
  new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${RECEIVER}/v1/logs` }) }),
];
export const metricReaders = [
  new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${RECEIVER}/v1/metrics` }),
  }),
];
export const views = [
  {
    instrumentName: "http.server.request.duration",
    aggregation: {
      type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
      options: { boundaries: [1, 60] },
    },
    attributesProcessors: [createDenyListAttributesProcessor(["url.scheme"])],
  },
  { instrumentName: "v8js.*", aggregation: { type: AggregationType.DROP } },
];
export const textMapPropagator = new OTTracePropagator();
export const resourceDetectors = [azureAppServiceDetector];
