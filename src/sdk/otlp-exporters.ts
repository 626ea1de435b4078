import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonMetricExporter,
} from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import {
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import {
  AggregationType,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { gzipSync } from "node:zlib";
import type { FurtherReader, OtlpConfig, Temporality } from "../config/config.ts";
import { createDetachedAgent } from "../export/connection/agent.ts";
import { proxyEnvironment } from "../export/connection/proxy.ts";
import type { ExitRequest } from "../export/pipeline.ts";
import type { ItemExporter } from "./outstanding-items.ts";

export function createSpanExporter(config: OtlpConfig): ItemExporter<ReadableSpan> {
  const Exporter = isJson(config) ? JsonTraceExporter : ProtobufTraceExporter;
  return new Exporter(optionsOf(config));
}

export function createLogExporter(config: OtlpConfig): ItemExporter<ReadableLogRecord> {
  const Exporter = isJson(config) ? JsonLogExporter : ProtobufLogExporter;
  return new Exporter(optionsOf(config));
}

export function createMetricExporter({
  otlp,
  temporality,
  exponentialHistograms,
}: FurtherReader): PushMetricExporter {
  const Exporter = isJson(otlp) ? JsonMetricExporter : ProtobufMetricExporter;
  return new Exporter({
    ...optionsOf(otlp),
    temporalityPreference: temporalities[temporality],
    aggregationPreference: (kind) => ({
      type:
        exponentialHistograms && kind === InstrumentType.HISTOGRAM
          ? AggregationType.EXPONENTIAL_HISTOGRAM
          : AggregationType.DEFAULT,
    }),
  });
}

/** Creates requests that the exit of the process sends, with the SDK's serializers. */
export const exitRequests: Readonly<{
  spans: ExitRequestCreator<ReadableSpan[]>;
  logs: ExitRequestCreator<ReadableLogRecord[]>;
  metrics: ExitRequestCreator<ResourceMetrics>;
}> = {
  spans: exitRequestCreator(JsonTraceSerializer, ProtobufTraceSerializer),
  logs: exitRequestCreator(JsonLogsSerializer, ProtobufLogsSerializer),
  metrics: exitRequestCreator(JsonMetricsSerializer, ProtobufMetricsSerializer),
};

export type ExitRequestCreator<Payload> = (
  config: OtlpConfig,
  payload: Payload,
  onResult: ExitRequest["onResult"],
) => ExitRequest | undefined;

function exitRequestCreator<Payload>(
  json: Pick<ISerializer<Payload, unknown>, "serializeRequest">,
  protobuf: Pick<ISerializer<Payload, unknown>, "serializeRequest">,
): ExitRequestCreator<Payload> {
  return (config, payload, onResult) => {
    const body = (isJson(config) ? json : protobuf).serializeRequest(payload);
    if (body === undefined) return undefined;
    const gzip = config.compression === "gzip";
    return {
      kind: "http",
      url: config.url,
      headers: {
        ...config.headers,
        "content-type": isJson(config) ? "application/json" : "application/x-protobuf",
        ...(gzip && { "content-encoding": "gzip" }),
      },
      body: gzip ? gzipSync(body) : body,
      proxyEnv: proxyEnvironment(),
      tls: config.tls,
      onResult,
    };
  };
}

function isJson({ protocol }: OtlpConfig): boolean {
  return protocol === "http/json";
}

function optionsOf({ url, headers, timeoutMs, compression, tls }: OtlpConfig) {
  return {
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression: compression as CompressionAlgorithm,
    httpAgentOptions: () =>
      createDetachedAgent(url, {
        ...(tls.ca !== undefined && { ca: tls.ca }),
        ...(tls.cert !== undefined && { cert: tls.cert }),
        ...(tls.key !== undefined && { key: tls.key }),
        proxyEnv: proxyEnvironment(),
      }),
  };
}

const temporalities: Readonly<Record<Temporality, AggregationTemporalityPreference>> = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
};
