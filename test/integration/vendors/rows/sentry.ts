import { sentry } from "../../../../src/cli/doctor/vendors.ts";
import type { EndpointRules, VendorRow } from "../vendor-row.ts";

const OTLP = "https://docs.sentry.io/concepts/otlp/";
const TRACES = "https://docs.sentry.io/concepts/otlp/direct/traces/";
const LOGS = "https://docs.sentry.io/concepts/otlp/direct/logs/";

const BASE = "https://o1234.ingest.us.sentry.io/api/5678/integration/otlp";

const rules = (signal: string): EndpointRules => ({
  url: `${BASE}/v1/${signal}`,
  headers: { "x-sentry-auth": "sentry sentry_key=0123abcd" },
});

export const sentryRow: VendorRow = {
  vendor: sentry,
  introduction:
    "Takes traces and logs (open beta), and no metrics, which stay on the page for Prometheus. Errors need `SENTRY_DSN` ([Errors](errors.md)): the OTLP endpoint creates no issues.",
  addresses: {
    "Settings, Projects, Client Keys":
      "https://oORG.ingest.REGION.sentry.io/api/PROJECT/integration/otlp",
  },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: BASE,
      OTEL_EXPORTER_OTLP_HEADERS: '"x-sentry-auth=sentry sentry_key=$DSN_PUBLIC_KEY"',
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    },
    secrets: { DSN_PUBLIC_KEY: "0123abcd" },
    endpoints: { traces: rules("traces"), logs: rules("logs") },
    statuses: { missing: 403, wrong: 403 },
  },
  facts: [
    { topic: "signals", text: "traces and logs; no metrics", source: OTLP },
    {
      topic: "traces",
      text: "events of spans are dropped; links and arrays are shown, and can't be searched",
      source: TRACES,
    },
    { topic: "logs", text: "arrays can't be searched", source: LOGS },
    { topic: "compression", text: "gzip, in the example for the Collector", source: OTLP },
    {
      topic: "rate limit",
      text: "429 and Retry-After of OTLP are an open issue of its receiver",
      source: "https://github.com/getsentry/relay/issues/5413",
    },
    { topic: "size and credentials", text: "not described", source: undefined },
  ],
};
