import { dash0 } from "../../../../src/cli/doctor/vendors.ts";
import type { EndpointRules, VendorRow } from "../vendor-row.ts";

const OTLP = "https://www.dash0.com/hub/integrations/int_otlp/overview";
const LIMITS = "https://www.dash0.com/docs/dash0/cost-control/quotas-and-limits";

const rules = (signal: string): EndpointRules => ({
  url: `https://ingress.eu-west-1.aws.dash0.com/v1/${signal}`,
  headers: { authorization: "Bearer auth_0123", "dash0-dataset": "default" },
});

export const dash0Row: VendorRow = {
  vendor: dash0,
  introduction: "Takes all signals. The settings of the organization have its address.",
  addresses: {
    "AWS Europe": "https://ingress.eu-west-1.aws.dash0.com",
    "other regions": "Settings, Endpoints",
  },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://ingress.eu-west-1.aws.dash0.com",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20$DASH0_AUTH_TOKEN,dash0-dataset=default",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "2048",
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "32",
      OTEL_SPAN_EVENT_COUNT_LIMIT: "8",
      OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: "8",
      OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: "8",
      OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "16",
    },
    secrets: { DASH0_AUTH_TOKEN: "auth_0123" },
    endpoints: { traces: rules("traces"), metrics: rules("metrics"), logs: rules("logs") },
    statuses: { missing: 401, wrong: 401 },
    attributes: { valueLength: 2048, spanCount: 32, recordCount: 16 },
  },
  facts: [
    { topic: "protocols", text: "gRPC and HTTP", source: OTLP },
    {
      topic: "spans",
      text: "32 attributes of 2,048 characters, 8 events and 128 links with 8 attributes each, a name of 128 characters; 2,000 spans in a trace",
      source: LIMITS,
    },
    {
      topic: "log records",
      text: "16 attributes of 2,048 characters, a body of 4 KB",
      source: LIMITS,
    },
    {
      topic: "time",
      text: "from 6 hours ago to 3 days ahead",
      source: LIMITS,
    },
    {
      topic: "credentials",
      text: "403 for a token that is restricted to a dataset, without the header `dash0-dataset`, according to Checkly",
      source: "https://www.checklyhq.com/docs/integrations/observability/traces/dash0/",
    },
    {
      topic: "size, rate limit, temporality",
      text: "not described, nor whether excess attributes are dropped or truncated",
      source: undefined,
    },
  ],
};
