import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { DASHBOARD_FILE, dataSourceFile } from "./data-sources.ts";

/** Returns the files for Grafana's folder of provisioning. */
export function provisioningFiles(options: OpsOptions): readonly OutputFile[] {
  return [
    { path: "grafana/provisioning/dashboards/telltale.yaml", text: DASHBOARD_FILE },
    {
      path: "grafana/provisioning/datasources/telltale.yaml",
      text: dataSourceFile(options.grafana),
    },
  ];
}
