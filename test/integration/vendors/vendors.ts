import { azureMonitorRow } from "./rows/azure-monitor.ts";
import { cloudWatchRow } from "./rows/cloudwatch.ts";
import { dash0Row } from "./rows/dash0.ts";
import { datadogRow } from "./rows/datadog.ts";
import { elasticRow } from "./rows/elastic.ts";
import { grafanaCloudRow } from "./rows/grafana-cloud.ts";
import { honeycombRow } from "./rows/honeycomb.ts";
import { newRelicRow } from "./rows/new-relic.ts";
import { sentryRow } from "./rows/sentry.ts";
import type { DirectExport, VendorRow } from "./vendor-row.ts";

/** The vendors, in the order of docs/vendors.md. */
export const vendorRows: readonly VendorRow[] = [
  ...[newRelicRow, datadogRow, sentryRow, grafanaCloudRow, honeycombRow, dash0Row],
  ...[elasticRow, azureMonitorRow, cloudWatchRow],
];

/** Returns the commands that start an app with the variables of a vendor. */
export function commandsOf({ variables }: DirectExport): string {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${value}`);
  return [...exports, "node --import telltale/register app.js"].join("\n");
}
