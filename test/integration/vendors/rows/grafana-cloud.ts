import { grafanaCloud } from "../../../../src/cli/doctor/vendors.ts";
import type { EndpointRules, VendorRow } from "../vendor-row.ts";

const FORMAT = "https://grafana.com/docs/grafana-cloud/send-data/otlp/otlp-format-considerations/";
const TROUBLESHOOT = "https://grafana.com/docs/grafana-cloud/send-data/traces/troubleshoot/";
const LIMITS = "https://grafana.com/docs/grafana-cloud/billing-and-usage/usage-limits/";

const BASE = "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp";

const rules = (signal: string): EndpointRules => ({
  url: `${BASE}/v1/${signal}`,
  headers: { authorization: `Basic ${Buffer.from("123456:glc_abc").toString("base64")}` },
});

export const grafanaCloudRow: VendorRow = {
  vendor: grafanaCloud,
  introduction:
    "Takes all signals. The tile OpenTelemetry of the stack has the address, the instance and a token.",
  addresses: { "tile OpenTelemetry": "https://otlp-gateway-ZONE.grafana.net/otlp" },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: BASE,
      OTEL_EXPORTER_OTLP_HEADERS:
        "authorization=Basic%20$(printf %s \"$GRAFANA_INSTANCE:$GRAFANA_TOKEN\" | base64 | tr -d '\\n')",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "otlp",
    },
    secrets: { GRAFANA_INSTANCE: "123456", GRAFANA_TOKEN: "glc_abc" },
    endpoints: { traces: rules("traces"), metrics: rules("metrics"), logs: rules("logs") },
    statuses: { missing: 401, wrong: 401 },
  },
  facts: [
    {
      topic: "protocols",
      text: "HTTP with protobuf, gzip or none; JSON for tests",
      source: FORMAT,
    },
    {
      topic: "metrics",
      text: "stored as those of Prometheus: points and dashes in names become underscores, the resource is `target_info`; exponential histograms become native ones",
      source: FORMAT,
    },
    {
      topic: "temporality",
      text: "cumulative, which is the default: Prometheus has no deltas",
      source:
        "https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#sums",
    },
    {
      topic: "credentials",
      text: "401 or 403; the user is the number of the instance, the token needs the right to write",
      source: TROUBLESHOOT,
    },
    {
      topic: "rate limit",
      text: "10,000 samples per second and 150,000 series by default",
      source: LIMITS,
    },
    { topic: "spans", text: "those above the limits are discarded", source: TROUBLESHOOT },
    { topic: "size", text: "not described", source: undefined },
  ],
};
