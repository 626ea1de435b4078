import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type { OpsOptions } from "../../options/ops-options.ts";
import type { Dashboard, Panel, Query, Row, Variable } from "../dashboard.ts";
import { heightOf, type PlacedPanel, placePanels } from "../layout.ts";
import { panelId, uidOf } from "../panel-id.ts";
import { type Annotation, deploymentAnnotations } from "./annotations.ts";
import { dashboardsLink } from "./dashboards-link.ts";
import type { Plain } from "./plain.ts";
import { type DataSourceQuery, dataSourceQuery, refIdOf } from "./query.ts";
import { logPlugins } from "../variables.ts";
import { transformationsOf } from "./transformations.ts";
import { visualizationOf } from "./visualization.ts";

/** The version of the classic schema that the SDK writes. Grafana upgrades it as it reads. */
const SCHEMA_VERSION = 42;

/** The JSON of a panel, with the queries that the SDK leaves open. */
export type ClassicPanel = Omit<Plain<sdk.Panel>, "targets"> & {
  readonly targets: readonly (DataSourceQuery & {
    readonly datasource: Plain<sdk.DataSourceRef>;
  })[];
};

/** The JSON of a dashboard. */
export type ClassicDashboard = Omit<Plain<sdk.Dashboard>, "panels"> & {
  readonly panels: readonly (ClassicPanel | Plain<sdk.RowPanel>)[];
};

/** Returns the classic JSON of a dashboard, which every version of Grafana reads. */
export function classicDashboard(dashboard: Dashboard, options: OpsOptions): ClassicDashboard {
  const { name, title, description, variables } = dashboard;
  return {
    uid: uidOf(name),
    title,
    description,
    tags: ["telltale"],
    editable: false,
    graphTooltip: 1,
    refresh: "1m",
    schemaVersion: SCHEMA_VERSION,
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    fiscalYearStartMonth: 0,
    templating: { list: variables.map(variableOf) },
    annotations: { list: hasServices(dashboard) ? deploymentAnnotations.map(annotationOf) : [] },
    links: [dashboardsLink],
    panels: panelsOf(dashboard, options),
  };
}

const metrics = { type: "prometheus", uid: "${datasource}" } as const;

/** Lines at deployments are on dashboards of services. */
export function hasServices({ variables }: Dashboard): boolean {
  return variables.some(({ name }) => name === "job");
}

function annotationOf(annotation: Annotation): Plain<sdk.AnnotationQuery> {
  const base = { name: annotation.name, iconColor: annotation.color, enable: true };
  if (annotation.source === "grafana") {
    const target = { type: "tags", tags: annotation.tags, matchAny: false, limit: 100 };
    return { ...base, datasource: { type: "grafana", uid: "-- Grafana --" }, target };
  }
  return {
    ...base,
    datasource: metrics,
    expr: annotation.expr,
    step: "1m",
    titleFormat: annotation.title,
    useValueForTime: annotation.isTime,
  };
}

function panelsOf(dashboard: Dashboard, options: OpsOptions): ClassicDashboard["panels"] {
  let top = 0;
  return dashboard.rows.flatMap((row) => {
    const placed = placePanels(row);
    const y = top + 1;
    const panels = placed.map((one) => panelOf(one, y, options));
    const rowPanel = rowOf(row, top);
    top = y + heightOf(placed);
    return [rowPanel, ...panels];
  });
}

function rowOf({ title }: Row, y: number): Plain<sdk.RowPanel> {
  return {
    type: "row",
    id: panelId(`row ${title}`),
    title,
    collapsed: false,
    gridPos: { x: 0, y, w: 24, h: 1 },
    panels: [],
  };
}

function panelOf(
  { panel, x, y, width, height }: PlacedPanel,
  top: number,
  options: OpsOptions,
): ClassicPanel {
  const { title, description, view, alert, links = [] } = panel;
  const transformations = transformationsOf(panel);
  return {
    id: panelId(alert ?? title),
    type: view,
    title,
    description,
    datasource: sourceOf(panel.queries[0], options),
    gridPos: { x, y: top + y, w: width, h: height },
    ...(links.length > 0 && { links: links.map(linkOf) }),
    targets: panel.queries.map((query, index) => ({
      datasource: sourceOf(query, options),
      ...dataSourceQuery(panel, query, refIdOf(index), options.grafana.logs.store),
    })),
    ...(transformations.length > 0 && { transformations }),
    ...visualizationOf(panel),
  };
}

function sourceOf({ source }: Query, { grafana }: OpsOptions): Plain<sdk.DataSourceRef> {
  return source === "prometheus"
    ? metrics
    : { type: logPlugins[grafana.logs.store], uid: "${logs}" };
}

function linkOf({ title, url }: NonNullable<Panel["links"]>[number]): Plain<sdk.DashboardLink> {
  return {
    title,
    url,
    type: "link",
    icon: "",
    tooltip: "",
    tags: [],
    asDropdown: false,
    targetBlank: true,
    includeVars: false,
    keepTime: false,
  };
}

function variableOf(variable: Variable): Plain<sdk.VariableModel> {
  const { name, label } = variable;
  switch (variable.kind) {
    case "data source":
      return { type: "datasource", name, label, query: variable.plugin, refresh: 1 };
    case "text":
      return { type: "textbox", name, label, query: "", current: { text: "", value: "" } };
    case "label":
      return {
        type: "query",
        name,
        label,
        datasource: metrics,
        query: { query: variable.query, refId: name },
        definition: variable.query,
        multi: true,
        includeAll: true,
        ...(variable.all !== undefined && { allValue: variable.all }),
        ...(variable.regex !== undefined && { regex: variable.regex }),
        current: { text: ["All"], value: ["$__all"] },
        // Services that start while the dashboard is open.
        refresh: 2,
        sort: 1,
        hide: variable.isHidden === true ? 2 : 0,
      };
  }
}
