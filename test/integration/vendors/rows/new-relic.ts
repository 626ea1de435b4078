import { newRelic } from "../../../../src/cli/doctor/vendors.ts";
import type { EndpointRules, VendorRow } from "../vendor-row.ts";

const ENDPOINT = "https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/";
const TROUBLESHOOTING =
  "https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp-troubleshooting/";

const rules = (signal: string): EndpointRules => ({
  url: `https://otlp.nr-data.net/v1/${signal}`,
  headers: { "api-key": "nr-license-0123" },
  limit: { status: 413, bytes: 1_000_000 },
});

export const newRelicRow: VendorRow = {
  vendor: newRelic,
  introduction: "Takes all signals.",
  addresses: {
    US: "https://otlp.nr-data.net",
    EU: "https://otlp.eu01.nr-data.net",
    "US FedRAMP": "https://gov-otlp.nr-data.net",
  },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.nr-data.net",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=$NEW_RELIC_LICENSE_KEY",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION:
        "base2_exponential_bucket_histogram",
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "4095",
      OTEL_ATTRIBUTE_COUNT_LIMIT: "64",
    },
    secrets: { NEW_RELIC_LICENSE_KEY: "nr-license-0123" },
    endpoints: { traces: rules("traces"), metrics: rules("metrics"), logs: rules("logs") },
    statuses: { missing: 401, wrong: 403 },
    attributes: { valueLength: 4095, spanCount: 64, recordCount: 64 },
  },
  facts: [
    {
      topic: "protocols",
      text: "HTTP with protobuf (recommended) and gRPC, on ports 443, 4317 and 4318; gzip and zstd",
      source: ENDPOINT,
    },
    {
      topic: "size",
      text: "a request of 1 MB (10^6 bytes) or more is rejected",
      source: ENDPOINT,
    },
    {
      topic: "attributes",
      text: "names of 255 characters, values of 4,095 characters, arrays of 64 entries",
      source: ENDPOINT,
    },
    {
      topic: "metrics",
      text: "delta and exponential histograms are recommended; cumulative ones are accepted, and cost more",
      source: ENDPOINT,
    },
    {
      topic: "credentials",
      text: "401 without the header, 403 with an invalid key",
      source: TROUBLESHOOTING,
    },
    {
      topic: "rate limit",
      text: "429 with the time to wait",
      source: TROUBLESHOOTING,
    },
    {
      topic: "validation",
      text: "after the response: invalid data is in events `NrIntegrationError`, and in no answer",
      source: TROUBLESHOOTING,
    },
  ],
};
