import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { dashboardsOf } from "./dashboards.ts";
import { classicDashboard } from "./json/classic.ts";
import { dashboardResource } from "./json/schema-v2.ts";
import { provisioningFiles } from "./provisioning.ts";

/** Returns dashboards in both schemas, and the files that provision Grafana, below `grafana/`. */
export function grafanaFiles(options: OpsOptions): readonly OutputFile[] {
  const dashboards = dashboardsOf(options).flatMap((dashboard) => [
    jsonFile(`dashboards/${dashboard.name}`, classicDashboard(dashboard, options)),
    jsonFile(`dashboards-v2/${dashboard.name}`, dashboardResource(dashboard, options)),
  ]);
  return [...dashboards, ...provisioningFiles(options)];
}

function jsonFile(path: string, json: object): OutputFile {
  return { path: `grafana/${path}.json`, text: `${JSON.stringify(json, undefined, 2)}\n` };
}
