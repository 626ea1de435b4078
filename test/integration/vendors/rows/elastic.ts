import { elastic } from "../../../../src/cli/doctor/vendors.ts";
import type { EndpointRules, VendorRow } from "../vendor-row.ts";

const ENDPOINT = "https://www.elastic.co/docs/reference/opentelemetry/motlp";

const BASE = "https://shop-0123.ingest.eu-west-1.aws.elastic.cloud";

const rules = (signal: string): EndpointRules => ({
  url: `${BASE}/v1/${signal}`,
  headers: { authorization: "ApiKey a2V5OjAxMjM=" },
});

export const elasticRow: VendorRow = {
  vendor: elastic,
  introduction:
    "Its managed endpoint of Elastic Cloud (Serverless and Hosted) takes all signals. A cluster of one's own needs a Collector in front of it.",
  addresses: {
    "Add data, Applications, OpenTelemetry": "https://PROJECT.ingest.REGION.PROVIDER.elastic.cloud",
  },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: BASE,
      OTEL_EXPORTER_OTLP_HEADERS: '"authorization=ApiKey $ELASTIC_API_KEY"',
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    },
    secrets: { ELASTIC_API_KEY: "a2V5OjAxMjM=" },
    endpoints: { traces: rules("traces"), metrics: rules("metrics"), logs: rules("logs") },
    statuses: { missing: 401, wrong: 401 },
  },
  facts: [
    {
      topic: "metrics",
      text: "histograms must be delta: cumulative ones are dropped",
      source: `${ENDPOINT}#limitations`,
    },
    {
      topic: "datasets",
      text: "`OTEL_RESOURCE_ATTRIBUTES=data_stream.dataset=app.orders` routes log records",
      source: ENDPOINT,
    },
    {
      topic: "credentials",
      text: "UNAUTHENTICATED (401) without the word `ApiKey` before the key",
      source: `${ENDPOINT}/troubleshooting`,
    },
    {
      topic: "rate limit",
      text: "429 until the cluster can index what arrives; 5xx if it is too small",
      source: `${ENDPOINT}/rate-limiting`,
    },
    { topic: "size", text: "not described", source: undefined },
  ],
};
