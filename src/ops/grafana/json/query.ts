import type * as lokiTypes from "@grafana/grafana-foundation-sdk/loki";
import type * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type { GrafanaOptions } from "../../options/grafana-options.ts";
import type { Panel, Query } from "../dashboard.ts";
import type { Plain } from "./plain.ts";

/** The query of the plugin of VictoriaLogs, of which the SDK has no type. */
interface VictoriaLogsQuery {
  readonly refId: string;
  readonly expr: string;
  readonly queryType: "instant" | "stats" | "statsRange";
  readonly legendFormat?: string;
}

/** A query as its data source reads it. */
export type DataSourceQuery =
  | Plain<prometheus.Dataquery>
  | Plain<lokiTypes.dataquery>
  | VictoriaLogsQuery;

/** Returns the name of a query in its panel: A, B, and so on. */
export function refIdOf(index: number): string {
  return String.fromCodePoint(65 + index);
}

/** Returns the query of a panel, as its data source reads it. */
export function dataSourceQuery(
  panel: Panel,
  query: Query,
  refId: string,
  logStore: GrafanaOptions["logs"]["store"],
): DataSourceQuery {
  if (query.source === "prometheus") return prometheusQuery(panel, query, refId);
  return logStore === "loki"
    ? lokiQuery(panel, query, refId)
    : victoriaLogsQuery(panel, query, refId);
}

function prometheusQuery(
  { view }: Panel,
  query: Query,
  refId: string,
): Plain<prometheus.Dataquery> {
  const { expr, legend, hasExemplars = false } = query;
  const base = { refId, expr, editorMode: "code" } as const;
  if (view === "table")
    return {
      ...base,
      legendFormat: "",
      format: "table",
      instant: true,
      range: false,
      exemplar: false,
    };
  return {
    ...base,
    legendFormat: legend,
    format: "time_series",
    instant: false,
    range: true,
    exemplar: hasExemplars,
  };
}

function lokiQuery(
  { view }: Panel,
  { expr, legend }: Query,
  refId: string,
): Plain<lokiTypes.dataquery> {
  return {
    refId,
    expr,
    editorMode: "code",
    queryType: view === "stat" ? "instant" : "range",
    ...(view === "logs" ? { maxLines: 500 } : { legendFormat: legend }),
  };
}

function victoriaLogsQuery(
  { view }: Panel,
  { expr, legend }: Query,
  refId: string,
): VictoriaLogsQuery {
  const base = { refId, expr };
  if (view === "logs") return { ...base, queryType: "instant" };
  return { ...base, queryType: view === "stat" ? "stats" : "statsRange", legendFormat: legend };
}
