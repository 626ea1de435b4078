import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { lazy } from "../../lazy.ts";
import { isSummary } from "../summary-data.ts";
import { serializeJsonMetrics } from "./json-metrics.ts";

const loadSummaries = lazy<typeof import("./otlp-summaries.ts")>("export/otlp/otlp-summaries.ts");

/*
 * Encodes `ExportMetricsServiceRequest` with the SDK's serializers, and summaries, which
 * these don't know, by `otlp-summaries.ts`.
 */

/** @returns undefined if the SDK's serializer fails. */
export function encodeProtobufMetrics(payload: ResourceMetrics): Uint8Array | undefined {
  const { others, summaries } = separate(payload);
  const request = ProtobufMetricsSerializer.serializeRequest(others);
  if (request === undefined || summaries.length === 0) return request;
  return loadSummaries().appendToProtobuf(request, { ...payload, scopeMetrics: summaries });
}

/** @returns undefined if the SDK's serializer fails. */
export function encodeJsonMetrics(payload: ResourceMetrics): Uint8Array | undefined {
  const { others, summaries } = separate(payload);
  const request = serializeJsonMetrics(others);
  if (request === undefined || summaries.length === 0) return request;
  return loadSummaries().appendToJson(request, summaries);
}

function separate(payload: ResourceMetrics): {
  readonly others: ResourceMetrics;
  readonly summaries: ScopeMetrics[];
} {
  const summaries: ScopeMetrics[] = [];
  const scopeMetrics = payload.scopeMetrics.map((part) => {
    const found = part.metrics.filter(isSummary);
    if (found.length === 0) return part;
    summaries.push({ ...part, metrics: found });
    return { ...part, metrics: part.metrics.filter((metric) => !isSummary(metric)) };
  });
  return summaries.length === 0
    ? { others: payload, summaries }
    : { others: { ...payload, scopeMetrics }, summaries };
}
