import { datadog } from "../../../../src/cli/doctor/vendors.ts";
import type { VendorRow } from "../vendor-row.ts";

const METRICS = "https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/metrics/";
const LOGS = "https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/logs/";
const TRACES = "https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/traces/";

const key = { "dd-api-key": "dd-key-0123" };

export const datadogRow: VendorRow = {
  vendor: datadog,
  introduction:
    "Takes metrics and logs. Its intake of traces is in preview: others than the organizations that have requested it get 403, and send traces through Datadog's Agent.",
  addresses: {
    US1: "https://otlp.datadoghq.com",
    "other sites": "https://otlp.SITE, for instance https://otlp.us3.datadoghq.com",
  },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.datadoghq.com",
      OTEL_EXPORTER_OTLP_HEADERS: "dd-api-key=$DD_API_KEY",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "compute_stats=true",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS:
        "dd-otel-metric-config=%7B%22resource_attributes_as_tags%22%3Atrue%7D",
    },
    secrets: { DD_API_KEY: "dd-key-0123" },
    endpoints: {
      traces: {
        url: "https://otlp.datadoghq.com/v1/traces",
        headers: { ...key, compute_stats: "true" },
        successStatus: 202,
        limit: { status: 413, uncompressedBytes: 3_200_000 },
      },
      metrics: {
        url: "https://otlp.datadoghq.com/v1/metrics",
        headers: { ...key, "dd-otel-metric-config": '{"resource_attributes_as_tags":true}' },
        limit: { status: 413, uncompressedBytes: 5_000_000 },
      },
      logs: { url: "https://otlp.datadoghq.com/v1/logs", headers: key },
    },
    statuses: { missing: 403, wrong: 403 },
  },
  facts: [
    {
      topic: "protocols",
      text: "HTTP; traces and logs with protobuf only, metrics with JSON as well; no gRPC",
      source: TRACES,
    },
    { topic: "traces", text: "202 if accepted, 413 above 3.2 MB", source: TRACES },
    {
      topic: "metrics of traces",
      text: "computed with the header `compute_stats=true` only",
      source: TRACES,
    },
    {
      topic: "metrics",
      text: "delta only: cumulative ones are answered with an error; 413 above 500 KB without compression, and above 5 MB after decompression",
      source: METRICS,
    },
    {
      topic: "processes",
      text: "of two points with the same second and tags the last one wins, so the resource's attributes have to become tags",
      source: METRICS,
    },
    {
      topic: "credentials",
      text: "403 for the endpoint of another site, and for traces without access to the preview",
      source: TRACES,
    },
    { topic: "logs", text: "403 for the endpoint of another site", source: LOGS },
    { topic: "rate limit", text: "not described", source: undefined },
  ],
  remarks: [
    "Traces without the preview: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:4318/v1/traces`, with [OTLP ingest](https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest_in_the_agent/) in Datadog's Agent on the host; or through the gateway with `--backend contrib/datadog` ([Back ends](../collector/README.md#back-ends)), whose exporter also fills the list of hosts.",
  ],
};
