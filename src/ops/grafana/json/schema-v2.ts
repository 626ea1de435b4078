import type * as sdk from "@grafana/grafana-foundation-sdk/dashboardv2";
import type * as resource from "@grafana/grafana-foundation-sdk/resource";
import type { OpsOptions } from "../../options/ops-options.ts";
import type { Dashboard, Panel, Query, Row, Variable } from "../dashboard.ts";
import { type PlacedPanel, placePanels } from "../layout.ts";
import { panelId, uidOf } from "../panel-id.ts";
import { logPlugins } from "../variables.ts";
import { type Annotation, deploymentAnnotations } from "./annotations.ts";
import { hasServices } from "./classic.ts";
import { dashboardsLink } from "./dashboards-link.ts";
import type { Plain } from "./plain.ts";
import { dataSourceQuery, refIdOf } from "./query.ts";
import { transformationsOf } from "./transformations.ts";
import { visualizationOf } from "./visualization.ts";

/** A dashboard as a resource of Grafana's API. */
export type DashboardResource = Omit<Plain<resource.Manifest>, "spec"> & {
  readonly apiVersion: typeof sdk.DashboardAPIVersion;
  readonly kind: typeof sdk.DashboardKind;
  readonly spec: Plain<sdk.Dashboard>;
};

/** Returns a dashboard in schema v2, for Grafana 13 and later. */
export function dashboardResource(dashboard: Dashboard, options: OpsOptions): DashboardResource {
  const { name, title, description, variables, rows } = dashboard;
  const panels = rows.flatMap(({ panels }) => panels);
  return {
    apiVersion: "dashboard.grafana.app/v2",
    kind: "Dashboard",
    metadata: { name: uidOf(name) },
    spec: {
      title,
      description,
      tags: ["telltale"],
      editable: false,
      cursorSync: "Crosshair",
      preload: false,
      timeSettings: timeSettings,
      variables: variables.map(variableOf),
      annotations: hasServices(dashboard) ? deploymentAnnotations.map(annotationOf) : [],
      links: [dashboardsLink],
      elements: Object.fromEntries(
        panels.map((panel) => [elementName(panel), elementOf(panel, options)]),
      ),
      layout: { kind: "RowsLayout", spec: { rows: rows.map(rowOf) } },
    },
  };
}

const timeSettings: Plain<sdk.TimeSettingsSpec> = {
  timezone: "browser",
  from: "now-1h",
  to: "now",
  autoRefresh: "1m",
  autoRefreshIntervals: ["10s", "30s", "1m", "5m", "15m"],
  hideTimepicker: false,
  fiscalYearStartMonth: 0,
};

const metrics = { name: "${datasource}" } as const;

function annotationOf(annotation: Annotation): Plain<sdk.AnnotationQueryKind> {
  const base = { name: annotation.name, iconColor: annotation.color, enable: true, hide: false };
  const query = { kind: "DataQuery", version: "v0" } as const;
  if (annotation.source === "grafana") {
    const spec = { type: "tags", tags: annotation.tags, matchAny: false, limit: 100 };
    const tagged = { ...query, group: "grafana", datasource: { name: "-- Grafana --" }, spec };
    return { kind: "AnnotationQuery", spec: { ...base, query: tagged } };
  }
  const { expr, title, isTime } = annotation;
  return {
    kind: "AnnotationQuery",
    spec: {
      ...base,
      query: { ...query, group: "prometheus", datasource: metrics, spec: { expr } },
      // Grafana's plugin for Prometheus reads them where the classic schema has them.
      legacyOptions: { expr, step: "1m", titleFormat: title, useValueForTime: isTime },
    },
  };
}

/** The name that Grafana uses for a panel of a classic dashboard. */
function elementName({ alert, title }: Panel): string {
  return `panel-${panelId(alert ?? title)}`;
}

function elementOf(panel: Panel, options: OpsOptions): Plain<sdk.PanelKind> {
  const { title, description, view, links = [] } = panel;
  return {
    kind: "Panel",
    spec: {
      id: panelId(panel.alert ?? title),
      title,
      description,
      links: links.map(({ title, url }) => ({ title, url, targetBlank: true })),
      data: {
        kind: "QueryGroup",
        spec: {
          queries: panel.queries.map((query, index) => queryOf(panel, query, index, options)),
          transformations: transformationsOf(panel).map(({ id, options }) => ({
            ...{ kind: "Transformation", group: id },
            spec: { options },
          })),
          queryOptions: {},
        },
      },
      vizConfig: { kind: "VizConfig", group: view, version: "", spec: visualizationOf(panel) },
    },
  };
}

function queryOf(
  panel: Panel,
  query: Query,
  index: number,
  { grafana }: OpsOptions,
): Plain<sdk.PanelQueryKind> {
  const isMetric = query.source === "prometheus";
  const { refId, ...spec } = dataSourceQuery(panel, query, refIdOf(index), grafana.logs.store);
  return {
    kind: "PanelQuery",
    spec: {
      refId: refId ?? refIdOf(index),
      hidden: false,
      query: {
        kind: "DataQuery",
        group: isMetric ? "prometheus" : logPlugins[grafana.logs.store],
        version: "v0",
        datasource: isMetric ? metrics : { name: "${logs}" },
        spec,
      },
    },
  };
}

function rowOf(row: Row): Plain<sdk.RowsLayoutRowKind> {
  const items = placePanels(row).map(itemOf);
  return {
    kind: "RowsLayoutRow",
    spec: { title: row.title, collapse: false, layout: { kind: "GridLayout", spec: { items } } },
  };
}

function itemOf({ panel, x, y, width, height }: PlacedPanel): Plain<sdk.GridLayoutItemKind> {
  const element = { kind: "ElementReference", name: elementName(panel) } as const;
  return { kind: "GridLayoutItem", spec: { x, y, width, height, element } };
}

function variableOf(variable: Variable): Plain<sdk.VariableKind> {
  const { name, label } = variable;
  const base = { name, label, skipUrlSync: false } as const;
  switch (variable.kind) {
    case "data source":
      return {
        kind: "DatasourceVariable",
        spec: { ...base, ...dataSourceVariable, pluginId: variable.plugin },
      };
    case "text":
      return {
        kind: "TextVariable",
        spec: { ...base, hide: "dontHide", query: "", current: { text: "", value: "" } },
      };
    case "label":
      return { kind: "QueryVariable", spec: { ...base, ...labelVariable(variable) } };
  }
}

const dataSourceVariable = {
  hide: "dontHide",
  refresh: "onDashboardLoad",
  regex: "",
  current: { text: "", value: "" },
  options: [],
  multi: false,
  includeAll: false,
  allowCustomValue: false,
} as const;

type LabelVariable = Extract<Variable, { readonly kind: "label" }>;

function labelVariable(
  variable: LabelVariable,
): Omit<Plain<sdk.QueryVariableSpec>, "name" | "label" | "skipUrlSync"> {
  return {
    query: {
      ...{ kind: "DataQuery", group: "prometheus", version: "v0" },
      datasource: metrics,
      spec: { query: variable.query, refId: variable.name },
    },
    definition: variable.query,
    multi: true,
    includeAll: true,
    ...(variable.all !== undefined && { allValue: variable.all }),
    regex: variable.regex ?? "",
    allowCustomValue: true,
    current: { text: ["All"], value: ["$__all"] },
    options: [],
    // Services that start while the dashboard is open.
    refresh: "onTimeRangeChanged",
    sort: "alphabeticalAsc",
    hide: variable.isHidden === true ? "hideVariable" : "dontHide",
  };
}
