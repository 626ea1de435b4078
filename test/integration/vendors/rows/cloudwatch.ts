import { cloudWatch } from "../../../../src/cli/doctor/vendors.ts";
import type { VendorRow } from "../vendor-row.ts";

const ENDPOINTS =
  "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html";
const TRACES_KEY =
  "https://docs.aws.amazon.com/xray/latest/devguide/xray-opentelemetry-bearer-token.html";
const METRICS_KEY =
  "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLP-MetricsBearerTokenAuth.html";
const LOGS_KEY =
  "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_HTTP_Endpoints_BearerTokenAuth.html";
const LOGS =
  "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_HTTP_Endpoints_OTLP.html";

const MIB = 2 ** 20;

export const cloudWatchRow: VendorRow = {
  vendor: cloudWatch,
  introduction:
    "Takes all signals, each at a host of its own with a key of its own: a service-specific credential of an IAM user. AWS recommends signed requests (SigV4) where short-term credentials exist; a Collector signs them.",
  addresses: {
    traces: "https://xray.REGION.amazonaws.com/v1/traces",
    metrics: "https://monitoring.REGION.amazonaws.com/v1/metrics",
    logs: "https://logs.REGION.amazonaws.com/v1/logs",
  },
  direct: {
    variables: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://xray.eu-central-1.amazonaws.com/v1/traces",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "authorization=Bearer%20$XRAY_API_KEY",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT:
        "https://monitoring.eu-central-1.amazonaws.com/v1/metrics",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "authorization=Bearer%20$CLOUDWATCH_API_KEY",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs.eu-central-1.amazonaws.com/v1/logs",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS:
        "authorization=Bearer%20$LOGS_API_KEY,x-aws-log-group=shop,x-aws-log-stream=web",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_METRICS_EXPORTER: "otlp",
      TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE: "1000",
    },
    secrets: {
      XRAY_API_KEY: "xray-0123",
      CLOUDWATCH_API_KEY: "acw-0123",
      LOGS_API_KEY: "ACWL0123",
    },
    endpoints: {
      traces: {
        url: "https://xray.eu-central-1.amazonaws.com/v1/traces",
        headers: { authorization: "Bearer xray-0123" },
        limit: { status: 413, uncompressedBytes: 5 * MIB, items: 10_000 },
      },
      metrics: {
        url: "https://monitoring.eu-central-1.amazonaws.com/v1/metrics",
        headers: { authorization: "Bearer acw-0123" },
        limit: { status: 400, uncompressedBytes: MIB, items: 1000 },
      },
      logs: {
        url: "https://logs.eu-central-1.amazonaws.com/v1/logs",
        headers: {
          authorization: "Bearer ACWL0123",
          "x-aws-log-group": "shop",
          "x-aws-log-stream": "web",
        },
        limit: { status: 413, uncompressedBytes: MIB, items: 10_000 },
      },
    },
    statuses: { missing: 403, wrong: 403 },
  },
  facts: [
    {
      topic: "protocols",
      text: "HTTP with protobuf or JSON, gzip or none; no gRPC",
      source: ENDPOINTS,
    },
    {
      topic: "traces",
      text: "requests of 5 MB uncompressed and 10,000 spans, spans of 200 KB, resource and scope of 16 KB; from 14 days ago to 2 hours ahead",
      source: ENDPOINTS,
    },
    {
      topic: "metrics",
      text: "requests of 1 MB uncompressed and 1,000 data points, else 400; 150 labels and 40 KB of them for each point; 500 requests per second, else 429; a part of a request may be rejected with 200",
      source: ENDPOINTS,
    },
    {
      topic: "logs",
      text: "an existing log group and stream; requests of 1 MB uncompressed and 10,000 records, records of 1 MB; from 14 days ago to 2 hours ahead",
      source: ENDPOINTS,
    },
    {
      topic: "records that are too old or too new",
      text: "rejected as a partial success",
      source: LOGS,
    },
    { topic: "key for traces", text: "instead of SigV4; for spans only", source: TRACES_KEY },
    { topic: "key for metrics", text: "instead of SigV4, with TLS only", source: METRICS_KEY },
    {
      topic: "key for logs",
      text: "must be enabled for the log group",
      source: LOGS_KEY,
    },
    {
      topic: "statuses of a wrong key and of a large request of traces or logs, temporality",
      text: "not described",
      source: undefined,
    },
  ],
  remarks: [
    "With SigV4: the gateway of [the Collector](../collector/README.md#back-ends) with `--backend contrib/cloudwatch`: `npm run collector -- --binary otelcol-contrib gateway --backend contrib/cloudwatch`. The extension `sigv4auth` is in the official image and in AWS's own Collector only, so the tests do not run that file.",
  ],
};
