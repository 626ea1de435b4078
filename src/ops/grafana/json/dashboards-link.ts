import type * as classic from "@grafana/grafana-foundation-sdk/dashboard";
import type * as v2 from "@grafana/grafana-foundation-sdk/dashboardv2";
import type { Plain } from "./plain.ts";

/** The list of the other dashboards, at the top of each. Both schemas have the same. */
export const dashboardsLink: Plain<classic.DashboardLink> & Plain<v2.DashboardLink> = {
  title: "Dashboards",
  type: "dashboards",
  icon: "external link",
  tooltip: "The other dashboards, with the same services and time",
  tags: ["telltale"],
  asDropdown: true,
  targetBlank: false,
  includeVars: true,
  keepTime: true,
};
