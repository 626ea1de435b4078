import type { OpsOptions } from "../options/ops-options.ts";
import { withAlerts } from "./alert-panels.ts";
import type { Dashboard } from "./dashboard.ts";
import { applicationDashboard } from "./dashboards/application.ts";
import { businessDashboard } from "./dashboards/business.ts";
import { cacheDashboard } from "./dashboards/caches.ts";
import { databaseDashboard } from "./dashboards/databases.ts";
import { errorDashboard } from "./dashboards/errors.ts";
import { logDashboard } from "./dashboards/logs.ts";
import { operationsDashboard } from "./dashboards/operations.ts";
import { queueDashboard } from "./dashboards/queues.ts";
import { runtimeDashboard } from "./dashboards/runtime.ts";
import { sloDashboard } from "./dashboards/slo.ts";
import { telemetryDashboard } from "./dashboards/telemetry.ts";

/** Returns all dashboards, each with the panels of the alerts on its subject. */
export function dashboardsOf(options: OpsOptions): readonly Dashboard[] {
  const dashboards = [
    operationsDashboard(options),
    applicationDashboard(options),
    errorDashboard(options),
    databaseDashboard(options),
    cacheDashboard(options),
    queueDashboard(options),
    runtimeDashboard(options),
    sloDashboard,
    businessDashboard(options),
    telemetryDashboard(options),
    logDashboard(options),
  ];
  return dashboards.map((dashboard) => withAlerts(dashboard, options));
}
