import { azureMonitor } from "../../../../src/cli/doctor/vendors.ts";
import type { VendorRow } from "../vendor-row.ts";

const COLLECTOR =
  "https://learn.microsoft.com/en-us/azure/azure-monitor/containers/opentelemetry-protocol-ingestion";

export const azureMonitorRow: VendorRow = {
  vendor: azureMonitor,
  introduction:
    "Has endpoints for OTLP (preview), but no keys for them: each request needs a token of Microsoft Entra that soon expires, which variables can't hold. The app sends to a Collector or to the Azure Monitor Agent.",
  addresses: {
    "traces and logs": "https://NAME.REGION-1.ingest.monitor.azure.com/datacollectionRules/…",
    metrics: "https://NAME.REGION-1.metrics.ingest.monitor.azure.com/datacollectionRules/…",
  },
  direct: undefined,
  facts: [
    {
      topic: "routes",
      text: "a Collector from 0.132 on with the extension `azureauth`, the Azure Monitor Agent, or the add-on of AKS",
      source: COLLECTOR,
    },
    {
      topic: "credentials",
      text: "Microsoft Entra, with the role Monitoring Metrics Publisher on the data collection rule",
      source: COLLECTOR,
    },
    {
      topic: "metrics",
      text: "the pages of Application Insights expect delta and exponential histograms",
      source: COLLECTOR,
    },
    { topic: "size, rate limit, attributes", text: "not described", source: undefined },
  ],
  remarks: [
    "Set `OTEL_METRICS_EXPORTER=otlp`, `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta` and `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=base2_exponential_bucket_histogram` in the app, and run the gateway of [the Collector](../collector/README.md#back-ends) with `--backend contrib/azure-monitor`: `npm run collector -- --binary otelcol-contrib gateway --backend contrib/azure-monitor`. The extension `azureauth` is in the official image only, so the tests do not run that file.",
    "Without a Collector: `AzureMonitorTraceExporter` of `@azure/monitor-opentelemetry-exporter` in [a module of yours](extension.md), in Azure's own format.",
  ],
};
