import { honeycomb } from "../../../../src/cli/doctor/vendors.ts";
import type { EndpointRules, VendorRow } from "../vendor-row.ts";

const OTLP = "https://docs.honeycomb.io/send-data/opentelemetry/";
const METRICS = "https://docs.honeycomb.io/send-data/metrics/application";
const PARSER = "https://github.com/honeycombio/husky/blob/main/otlp";

const rules = (signal: string, headers: EndpointRules["headers"] = {}): EndpointRules => ({
  url: `https://api.honeycomb.io/v1/${signal}`,
  headers: { "x-honeycomb-team": "hcaik_0123", ...headers },
});

export const honeycombRow: VendorRow = {
  vendor: honeycomb,
  introduction:
    "Takes all signals. The dataset is `service.name`; that of metrics is named by a header.",
  addresses: { US: "https://api.honeycomb.io", EU: "https://api.eu1.honeycomb.io" },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://api.honeycomb.io",
      OTEL_EXPORTER_OTLP_HEADERS: "x-honeycomb-team=$HONEYCOMB_API_KEY",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "x-honeycomb-dataset=metrics",
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "16000",
    },
    secrets: { HONEYCOMB_API_KEY: "hcaik_0123" },
    endpoints: {
      traces: rules("traces"),
      metrics: rules("metrics", { "x-honeycomb-dataset": "metrics" }),
      logs: rules("logs"),
    },
    statuses: { missing: 401, wrong: 401 },
    attributes: { valueLength: 16_000 },
  },
  facts: [
    { topic: "protocols", text: "gRPC, HTTP with protobuf and with JSON", source: OTLP },
    { topic: "compression", text: "gzip and zstd", source: `${PARSER}/common.go` },
    {
      topic: "attributes",
      text: "a field of 65,535 bytes at most; a character takes up to four",
      source: `${PARSER}/common.go`,
    },
    {
      topic: "size",
      text: "a span, record or point of 1 MB at most; that of requests is not described",
      source: "https://github.com/honeycombio/refinery/releases/tag/v2.9.2",
    },
    {
      topic: "metrics",
      text: "without the header `x-honeycomb-dataset` they are in `unknown_metrics`",
      source: METRICS,
    },
    {
      topic: "credentials",
      text: "401 without the header; 415 for an unknown content type",
      source: `${PARSER}/errors.go`,
    },
    {
      topic: "rate limit",
      text: "429, for most of its interfaces with a date in Retry-After",
      source: "https://docs.honeycomb.io/api/rate-limit",
    },
  ],
};
