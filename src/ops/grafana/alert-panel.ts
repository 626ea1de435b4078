import type { Alert, Subject } from "../alerts/alert.ts";
import type { DashboardName } from "./dashboard.ts";
import { panelId, uidOf } from "./panel-id.ts";

/** The dashboard with the panels of the alerts on a subject. */
export const subjectDashboards: Readonly<Record<Subject, DashboardName>> = {
  requests: "application",
  errors: "errors",
  databases: "databases",
  caches: "caches",
  queues: "queues",
  dependencies: "application",
  runtime: "runtime",
  host: "runtime",
  uptime: "operations",
  business: "business",
  telemetry: "telemetry",
  deployments: "operations",
  slo: "slo",
};

/** Returns where the panel of an alert is in Grafana: the uid of its dashboard, and its id there. */
export function panelOf({ name, subject }: Pick<Alert, "name" | "subject">): {
  readonly uid: string;
  readonly id: number;
} {
  return { uid: uidOf(subjectDashboards[subject]), id: panelId(name) };
}
